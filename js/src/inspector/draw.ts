// Numbers as pictures on a canvas.

export type Colour = [number, number, number];

/** Dark blue to yellow in even steps of lightness, readable without colour vision. */
const RAMP: Colour[] = [
  [18, 22, 48],
  [40, 54, 116],
  [42, 104, 148],
  [58, 152, 140],
  [138, 194, 104],
  [250, 230, 110],
];

export function ramp(share: number): Colour {
  const place = Math.min(1, Math.max(0, share)) * (RAMP.length - 1);
  const low = Math.min(RAMP.length - 2, Math.floor(place));
  const part = place - low;
  const [a, b] = [RAMP[low] as Colour, RAMP[low + 1] as Colour];
  return [0, 1, 2].map((i) => Math.round((a[i] as number) + ((b[i] as number) - (a[i] as number)) * part)) as Colour;
}

/** Pixels of a height x width map of values. */
export function mapPixels(
  values: ArrayLike<number>,
  offset: number,
  width: number,
  height: number,
  low: number,
  high: number,
): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(width * height * 4);
  const span = high - low || 1;
  for (let i = 0; i < width * height; i += 1) {
    const [r, g, b] = ramp(((values[offset + i] as number) - low) / span);
    pixels.set([r, g, b, 255], i * 4);
  }
  return pixels;
}

/** Pixels of a uint8 picture with 1 or 3 channels, channels last. */
export function picturePixels(
  bytes: Uint8Array,
  offset: number,
  width: number,
  height: number,
  channels: number,
): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let i = 0; i < width * height; i += 1) {
    const at = offset + i * channels;
    const grey = bytes[at] ?? 0;
    const [g, b] = channels >= 3 ? [bytes[at + 1] ?? 0, bytes[at + 2] ?? 0] : [grey, grey];
    pixels.set([grey, g, b, 255], i * 4);
  }
  return pixels;
}

/** Least and greatest of a stretch of values. */
export function extent(values: ArrayLike<number>, offset = 0, length = values.length): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = offset; i < offset + length; i += 1) {
    const value = values[i] as number;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 1];
}

export function bytesOf(view: DataView | undefined): Uint8Array {
  return view ? new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength) : new Uint8Array(0);
}

/** Height, width, channels of a picture's shape. */
export function pictureSize(shape: number[]): { height: number; width: number; channels: number } | null {
  const [height, width, channels = 1] = shape;
  return shape.length >= 2 && shape.length <= 3 && height && width && [1, 3, 4].includes(channels)
    ? { height, width, channels }
    : null;
}
