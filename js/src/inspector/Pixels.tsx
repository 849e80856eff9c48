import { useEffect, useRef } from "react";

interface PixelsProps {
  pixels: Uint8ClampedArray<ArrayBuffer>;
  width: number;
  height: number;
  label: string;
}

/** A small picture, drawn with sharp pixels. */
export function Pixels({ pixels, width, height, label }: PixelsProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    canvas.current?.getContext("2d")?.putImageData(new ImageData(pixels, width, height), 0, 0);
  }, [pixels, width, height]);
  return (
    <canvas
      ref={canvas}
      width={width}
      height={height}
      role="img"
      aria-label={label}
      title={label}
      className="kv-pixels"
    />
  );
}
