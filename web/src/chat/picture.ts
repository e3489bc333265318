// Pictures before they are sent: what may be sent, and the small JPEG that stands for one until it is there.

export const PICTURE_TYPES: Record<string, string> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/avif': 'avif',
  'image/bmp': 'bmp',
};

export const PICTURE_MAX_BYTES = 10 * 1024 * 1024;
/** Above this a picture's message goes first, with the thumbnail alone, and the picture follows. */
export const LATE_BYTES = 512 * 1024;

const THUMBNAIL_SIDE = 120;
const THUMBNAIL_QUALITY = 0.6;
const AVATAR_SIDE = 256;
const AVATAR_QUALITY = 0.85;

export type PictureFault = 'type' | 'size' | 'unreadable';

export class PictureError extends Error {
  constructor(readonly fault: PictureFault) {
    super(fault);
    this.name = 'PictureError';
  }
}

export interface Size {
  width: number;
  height: number;
}

/** The largest of the same shape within `max`, never enlarged, never thinner than a pixel. */
export function fitSize({ width, height }: Size, max: Size): Size {
  const scale = Math.min(1, max.width / width, max.height / height);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** `<W>x<H>;data:image/jpeg;base64,...` with the size of the whole picture. Anything else is no thumbnail. */
export function parseThumbnail(text: string): (Size & { url: string }) | null {
  const match = /^(\d{1,6})x(\d{1,6});(data:image\/(?:jpeg|png|webp);base64,[A-Za-z0-9+/=]+)$/.exec(text);
  if (!match?.[3]) return null;
  const [width, height] = [Number(match[1]), Number(match[2])];
  return width > 0 && height > 0 ? { width, height, url: match[3] } : null;
}

export function checkPicture(file: Blob): void {
  if (!PICTURE_TYPES[file.type]) throw new PictureError('type');
  if (file.size > PICTURE_MAX_BYTES) throw new PictureError('size');
}

/** A name for the upload that tells its type and nothing else. */
export const pictureName = (file: Blob) => `picture.${PICTURE_TYPES[file.type] ?? 'jpg'}`;

export async function makeThumbnail(file: Blob): Promise<string> {
  const bitmap = await read(file);
  const { width, height } = fitSize(bitmap, { width: THUMBNAIL_SIDE, height: THUMBNAIL_SIDE });
  const canvas = draw(bitmap, width, height, 0, 0, bitmap.width, bitmap.height);
  const text = `${bitmap.width}x${bitmap.height};${canvas.toDataURL('image/jpeg', THUMBNAIL_QUALITY)}`;
  bitmap.close();
  return text;
}

/** The middle square of a picture, small enough for an avatar. */
export async function makeAvatar(file: Blob): Promise<Blob> {
  checkPicture(file);
  const bitmap = await read(file);
  const side = Math.min(bitmap.width, bitmap.height);
  const canvas = draw(
    bitmap,
    Math.min(side, AVATAR_SIDE),
    Math.min(side, AVATAR_SIDE),
    (bitmap.width - side) / 2,
    (bitmap.height - side) / 2,
    side,
    side,
  );
  bitmap.close();
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', AVATAR_QUALITY));
  if (!blob) throw new PictureError('unreadable');
  return blob;
}

async function read(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file);
  } catch {
    throw new PictureError('unreadable');
  }
}

function draw(from: ImageBitmap, width: number, height: number, x: number, y: number, w: number, h: number) {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext('2d');
  if (!context) throw new PictureError('unreadable');
  context.fillStyle = '#fff'; // JPEG knows no transparency
  context.fillRect(0, 0, width, height);
  context.drawImage(from, x, y, w, h, 0, 0, width, height);
  return canvas;
}
