// Pictures for uploads, made without a library: BMP, whose size in bytes is known from its size in pixels.

const HEADER = 54;

/** A file as Playwright's setInputFiles takes it: coloured bands, `width` a multiple of four. */
export function picture(width, height, name = 'picture.bmp') {
  const buffer = Buffer.alloc(HEADER + width * height * 3);
  buffer.write('BM', 0);
  buffer.writeUInt32LE(buffer.length, 2);
  buffer.writeUInt32LE(HEADER, 10);
  buffer.writeUInt32LE(40, 14);
  buffer.writeInt32LE(width, 18);
  buffer.writeInt32LE(height, 22);
  buffer.writeUInt16LE(1, 26);
  buffer.writeUInt16LE(24, 28);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = HEADER + (y * width + x) * 3;
      buffer[at] = 255 - Math.round((x / width) * 200);
      buffer[at + 1] = Math.round((y / height) * 200);
      buffer[at + 2] = (x >> 5) % 2 ? 220 : 90;
    }
  return { name, mimeType: 'image/bmp', buffer };
}
