const EXPONENT_BITS = 150;
/** Larger than all f32: as if there were one more, which an infinity stands for. */
const PAST_F32 = 2 ** 128;

/**
 * The f32 that is nearest to a number in decimal. Rounded to an f64 first, which may then lie in the middle of two f32, it could
 * be the other one.
 */
export function nearestF32(decimal: string): number {
  const double = Number(decimal);
  const near = Math.fround(double);
  // Whichever is nearest to what the f64 stands for, if that is itself no f32.
  if (near === double || !Number.isFinite(double)) return near;
  const size = Math.abs(double);
  const other = neighbour(Math.abs(near), Math.abs(near) < size ? 1 : -1);
  if ((finite(Math.abs(near)) + finite(other)) / 2 !== size) return near;
  const order = compare(decimal, size);
  if (order === 0 || order > 0 === Math.abs(near) > size) return near;
  return Math.sign(double) * other;
}

function finite(f32: number): number {
  return Math.min(f32, PAST_F32);
}

/** The next f32 in the order of their bits. @param f32 None that is negative. */
function neighbour(f32: number, step: 1 | -1): number {
  const floats = Float32Array.of(f32);
  const bits = new Uint32Array(floats.buffer);
  bits[0] = (bits[0] ?? 0) + step;
  return floats[0] ?? 0;
}

/** Whether a number in decimal, without its sign, is more than `size` (above 0), less, or the same (0). */
function compare(decimal: string, size: number): number {
  const [, whole = "", fraction = "", exponent = "0"] = /(\d*)\.?(\d*)(?:e([-+]?\d+))?$/i.exec(decimal) ?? [];
  const power = Number(exponent) - fraction.length;
  const ten = 10n ** BigInt(Math.abs(power));
  // Both times a power of two that makes integers of what lies in the middle of two f32.
  const given = (BigInt(whole + fraction) << BigInt(EXPONENT_BITS)) * (power > 0 ? ten : 1n);
  const compared = BigInt(size * 2 ** EXPONENT_BITS) * (power > 0 ? 1n : ten);
  return given > compared ? 1 : given < compared ? -1 : 0;
}
