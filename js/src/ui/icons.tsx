import type { ReactNode } from "react";

const PATHS = {
  play: <path d="M5 3.5v9l7.5-4.5z" fill="currentColor" stroke="none" />,
  pause: <path d="M5.5 3.5v9M10.5 3.5v9" strokeWidth={2.2} />,
  step: (
    <>
      <path d="M4 3.5v9l6-4.5z" fill="currentColor" stroke="none" />
      <path d="M12 3.5v9" strokeWidth={2} />
    </>
  ),
  stepEpoch: (
    <>
      <path d="M2.5 3.5v9l5-4.5zM7.5 3.5v9l5-4.5z" fill="currentColor" stroke="none" />
      <path d="M13.5 3.5v9" strokeWidth={1.8} />
    </>
  ),
  stop: <rect x={4} y={4} width={8} height={8} rx={1.5} fill="currentColor" stroke="none" />,
  chevron: <path d="M4.5 6.5 8 10l3.5-3.5" />,
  up: <path d="M4.5 9.5 8 6l3.5 3.5" />,
  right: <path d="M6.5 4.5 10 8l-3.5 3.5" />,
  left: <path d="M9.5 4.5 6 8l3.5 3.5" />,
  undo: <path d="M3.5 6.5h6a3.25 3.25 0 0 1 0 6.5H6M6 3.5l-3 3 3 3" />,
  redo: <path d="M12.5 6.5h-6a3.25 3.25 0 0 0 0 6.5H10M10 3.5l3 3-3 3" />,
  arrange: <path d="M6 2.5h4v3H6zM2.5 10.5h4v3h-4zM9.5 10.5h4v3h-4zM8 5.5V8m0 0H4.5v2.5M8 8h3.5v2.5" />,
  fit: <path d="M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10" />,
  plus: <path d="M8 3.5v9M3.5 8h9" />,
  minus: <path d="M3.5 8h9" />,
  close: <path d="m4 4 8 8M12 4l-8 8" />,
  search: <path d="M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.5 10.5l3 3" />,
  reset: <path d="M3 8a5 5 0 1 0 1.6-3.7M3 2.8v2.7h2.7" />,
  error: <path d="M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 5v3.5M8 10.9v.1" />,
  warning: <path d="M8 2.5 14 13H2zM8 6.5v3M8 11.2v.1" />,
  hint: <path d="M6 13.5h4M6.3 11c0-1.6-2-2.3-2-4.7a3.7 3.7 0 0 1 7.4 0c0 2.4-2 3.1-2 4.7z" />,
  check: <path d="m3.5 8.5 3 3 6-7" />,
  copy: <path d="M5.5 5.5h7v8h-7zM10.5 5.5v-3h-7v8h2" />,
  file: <path d="M4 2h5l3 3v9H4zM9 2v3h3" />,
  trash: <path d="M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.5 9h6l.5-9" />,
  keyboard: <path d="M2 4.5h12v7H2zM4.5 7h.1M7 7h.1M9.5 7h.1M12 7h.1M5 9.5h6" />,
  layers: <path d="m8 2 6 3-6 3-6-3zM2 8l6 3 6-3M2 11l6 3 6-3" />,
  chart: <path d="M2.5 2.5v11h11M4.5 10.5l3-4 2.5 2 3.5-5" />,
  flow: <path d="M3 8h10M9.5 4.5 13 8l-3.5 3.5" />,
  swap: <path d="M2.5 5.5h10M10 3l2.5 2.5L10 8M13.5 10.500h-10M6 8l-2.500 2.500L6 13" />,
  star: (
    <path d="m8 2 1.8 3.8 4.2.5-3.1 2.9.8 4.1L8 11.3l-3.7 2 .8-4.1L2 6.3l4.2-.5z" fill="currentColor" stroke="none" />
  ),
  input: <path d="M2.5 8h7M7 5l3 3-3 3M10 3h3.5v10H10" />,
  core: (
    <path d="M4 4.2v.1M4 8v.1M4 11.8v.1M12 6v.1M12 10v.1M4 4.2 12 6M4 4.2 12 10M4 8l8-2M4 8l8 2M4 11.8 12 6M4 11.8l8-1.8" />
  ),
  convolution: (
    <>
      <path d="M2.5 2.5h11v11h-11z" />
      <path d="M2.5 2.5H9V9H2.5z" fill="currentColor" fillOpacity={0.35} />
    </>
  ),
  pooling: <path d="M2.5 2.5h11v11h-11zM8 2.5v11M2.5 8h11" />,
  recurrent: <path d="M3 8a5 5 0 0 1 9-3M13 8a5 5 0 0 1-9 3M12.5 2.5V5H10M3.5 13.5V11H6" />,
  attention: (
    <>
      <path d="M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8z" />
      <path d="M8 6.3a1.7 1.7 0 1 1 0 3.4 1.7 1.7 0 0 1 0-3.4z" />
    </>
  ),
  normalization: <path d="M2 12.5c3.5 0 3-9 6-9s2.5 9 6 9M8 3.5v9" />,
  regularization: (
    <path d="M4 4h.1M8 4h.1M12 4h.1M4 8h.1M12 8h.1M8 12h.1M12 12h.1M7 7l2 2M9 7 7 9M3 11l2 2M5 11l-2 2" />
  ),
  activation: <path d="M2 11.5h5l6-8" />,
  reshaping: <path d="M2.5 5h5v6h-5zM9 8h4.5M11.5 6l2 2-2 2" />,
  preprocessing: <path d="M2 3.5h12M4 7h8M6 10.5h4M8 10.5v3" />,
  merging: <path d="M3.5 2.5c0 4 4.5 3 4.5 7v4M12.5 2.5c0 4-4.5 3-4.5 7M5.800 11.300 8 13.5l2.200-2.200" />,
  other: <path d="M8 2.5 13 5.300v5.400L8 13.5 3 10.700V5.300zM3 5.300l5 2.700 5-2.700M8 8v5.5" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof PATHS;

export function isIcon(name: string): name is IconName {
  return name in PATHS;
}

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      className="kv-icon"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.4}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {PATHS[name]}
    </svg>
  );
}

export function FamilyIcon({ family, size = 16 }: { family: string; size?: number }) {
  return <Icon name={isIcon(family) ? family : "other"} size={size} />;
}
