// The member's own camera, microphone and screen: opens and stops devices and hands tracks to whoever publishes.
import {
  type Opened,
  openBoth,
  openCamera,
  openMic,
  openScreen,
  type Problem,
  problemOf,
  type VideoQuality,
  videoConstraints,
} from './devices';
import type { Source } from './protocol';

export interface SourceState {
  on: boolean;
  problem: Problem | null;
}

export interface LocalState {
  mic: SourceState;
  camera: SourceState;
  screen: SourceState;
}

export const nothingOpen: LocalState = {
  mic: { on: false, problem: null },
  camera: { on: false, problem: null },
  screen: { on: false, problem: null },
};

export interface LocalMediaHandlers {
  state(state: LocalState): void;
  /** `source` is to be sent with this track (null: nothing for now); `ended` takes it back altogether. */
  track(source: Source, track: MediaStreamTrack | null, muted: boolean): void;
  ended(source: Source): void;
}

export class LocalMedia {
  private readonly tracks = new Map<Source, MediaStreamTrack>();
  // What the user asked for last: a device that opens late must not override a newer wish.
  private readonly wanted = new Set<Source>(['mic', 'camera']);
  private state: LocalState = nothingOpen;
  private stopped = false;

  constructor(
    private readonly handlers: LocalMediaHandlers,
    private quality: VideoQuality,
  ) {}

  async openAll(): Promise<void> {
    const opened: Opened = await openBoth(this.quality);
    for (const source of ['mic', 'camera'] as const) {
      const result = opened[source];
      if (typeof result === 'string') this.set(source, { on: false, problem: result });
      else this.use(source, result);
    }
  }

  /** The microphone stays open when off, so that it is back at once; the track is silent and marked muted. */
  async setMic(on: boolean): Promise<void> {
    this.want('mic', on);
    const track = this.tracks.get('mic');
    if (track?.readyState === 'live') {
      track.enabled = on;
      this.set('mic', { on, problem: null });
      this.handlers.track('mic', track, !on);
    } else if (on) {
      await this.open('mic', openMic);
    }
  }

  /** The camera is released when off: its light must go out. */
  async setCamera(on: boolean): Promise<void> {
    this.want('camera', on);
    if (on) return this.open('camera', () => openCamera(this.quality));
    this.drop('camera');
    this.set('camera', { on: false, problem: null });
    this.handlers.track('camera', null, true);
  }

  async setScreen(on: boolean): Promise<void> {
    if (!on) return this.stopScreen();
    try {
      const { video, audio } = await openScreen();
      video.contentHint = 'detail';
      this.use('screen', video);
      if (audio) this.use('screen-audio', audio);
    } catch (error) {
      // Closing the browser's choice of screens is no fault to report.
      const problem = problemOf(error);
      this.set('screen', { on: false, problem: problem === 'denied' ? null : problem });
    }
  }

  async setQuality(quality: VideoQuality): Promise<void> {
    this.quality = quality;
    await this.tracks.get('camera')?.applyConstraints(videoConstraints(quality)).catch(() => {});
  }

  /** Everything open, for a new publish connection. */
  current(): { source: Source; track: MediaStreamTrack; muted: boolean }[] {
    return [...this.tracks].map(([source, track]) => ({ source, track, muted: !track.enabled }));
  }

  stop(): void {
    this.stopped = true;
    for (const source of [...this.tracks.keys()]) this.drop(source);
  }

  private async open(source: 'mic' | 'camera', ask: () => Promise<MediaStreamTrack>): Promise<void> {
    if (this.tracks.get(source)?.readyState === 'live') return;
    try {
      this.use(source, await ask());
    } catch (error) {
      this.set(source, { on: false, problem: problemOf(error) });
    }
  }

  private use(source: Source, track: MediaStreamTrack): void {
    if (this.stopped || (source === 'camera' && !this.wanted.has(source))) return track.stop();
    track.enabled = source !== 'mic' || this.wanted.has(source);
    this.drop(source);
    this.tracks.set(source, track);
    track.onended = () => this.lost(source);
    if (source !== 'screen-audio') this.set(source, { on: track.enabled, problem: null });
    this.handlers.track(source, track, !track.enabled);
  }

  /** The device was unplugged, or the user ended the share in the browser's own bar. */
  private lost(source: Source): void {
    if (source === 'screen') return this.stopScreen();
    this.drop(source);
    if (source === 'screen-audio') return this.handlers.ended(source);
    this.set(source, { on: false, problem: 'missing' });
    this.handlers.track(source, null, true);
  }

  private stopScreen(): void {
    for (const source of ['screen', 'screen-audio'] as const) {
      if (!this.tracks.has(source)) continue;
      this.drop(source);
      this.handlers.ended(source);
    }
    this.set('screen', { on: false, problem: null });
  }

  private want(source: Source, on: boolean): void {
    if (on) this.wanted.add(source);
    else this.wanted.delete(source);
  }

  private drop(source: Source): void {
    const track = this.tracks.get(source);
    if (!track) return;
    track.onended = null;
    track.stop();
    this.tracks.delete(source);
  }

  private set(source: 'mic' | 'camera' | 'screen', state: SourceState): void {
    this.state = { ...this.state, [source]: state };
    if (!this.stopped) this.handlers.state(this.state);
  }
}
