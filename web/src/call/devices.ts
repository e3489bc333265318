// Asking the browser for camera, microphone and screen, and naming what went wrong.

export type Problem = 'denied' | 'missing' | 'busy' | 'insecure' | 'failed';
export type VideoQuality = 'low' | 'standard' | 'high';

const SIZES: Record<VideoQuality, { width: number; height: number; frameRate: number }> = {
  low: { width: 320, height: 180, frameRate: 15 },
  standard: { width: 640, height: 360, frameRate: 30 },
  high: { width: 1280, height: 720, frameRate: 30 },
};

export function videoConstraints(quality: VideoQuality): MediaTrackConstraints {
  const { width, height, frameRate } = SIZES[quality];
  return { width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: frameRate, max: frameRate } };
}

const AUDIO: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

const INSECURE = 'InsecureContext';

export function problemOf(error: unknown): Problem {
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing';
  if (name === 'NotReadableError' || name === 'AbortError') return 'busy';
  return name === INSECURE ? 'insecure' : 'failed';
}

export interface Opened {
  mic: MediaStreamTrack | Problem;
  camera: MediaStreamTrack | Problem;
}

/** Asks for both at once (one question to the user); where that fails, for each alone, to keep what is there. */
export async function openBoth(quality: VideoQuality): Promise<Opened> {
  if (!navigator.mediaDevices) return { mic: 'insecure', camera: 'insecure' };
  try {
    const both = await navigator.mediaDevices.getUserMedia({ audio: AUDIO, video: videoConstraints(quality) });
    return { mic: both.getAudioTracks()[0] ?? 'missing', camera: both.getVideoTracks()[0] ?? 'missing' };
  } catch (error) {
    // A refusal of both is an answer: asking again would only annoy.
    if (problemOf(error) === 'denied' && !(await oneIsAllowed())) return { mic: 'denied', camera: 'denied' };
    return { mic: await openMic().catch(problemOf), camera: await openCamera(quality).catch(problemOf) };
  }
}

export async function openMic(): Promise<MediaStreamTrack> {
  return first(await media().getUserMedia({ audio: AUDIO }));
}

export async function openCamera(quality: VideoQuality): Promise<MediaStreamTrack> {
  return first(await media().getUserMedia({ video: videoConstraints(quality) }));
}

/** The picture of a screen or window and, where the browser gives it, its sound. */
export async function openScreen(): Promise<{ video: MediaStreamTrack; audio: MediaStreamTrack | null }> {
  const stream = await media().getDisplayMedia({ video: { frameRate: { ideal: 15, max: 30 } }, audio: true });
  return { video: first(new MediaStream(stream.getVideoTracks())), audio: stream.getAudioTracks()[0] ?? null };
}

export function canShareScreen(): boolean {
  return typeof navigator.mediaDevices?.getDisplayMedia === 'function';
}

function media(): MediaDevices {
  if (!navigator.mediaDevices) throw new DOMException('media devices need HTTPS or localhost', INSECURE);
  return navigator.mediaDevices;
}

function first(stream: MediaStream): MediaStreamTrack {
  const track = stream.getTracks()[0];
  if (!track) throw new DOMException('no track', 'NotFoundError');
  return track;
}

async function oneIsAllowed(): Promise<boolean> {
  try {
    const names = ['camera', 'microphone'] as unknown as PermissionName[];
    const states = await Promise.all(names.map((name) => navigator.permissions.query({ name })));
    return states.some((status) => status.state === 'granted');
  } catch {
    return false; // this browser does not tell
  }
}
