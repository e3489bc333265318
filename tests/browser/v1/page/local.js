// The page's own media: one MediaStream for its whole life, whose tracks come and go.
import { openCamera, openMic, openScreen } from './sources.js';

export class LocalMedia {
  /** `onChange(stream, added, removed)`: lists of tracks. */
  constructor({ tone, colour }, onChange) {
    Object.assign(this, { tone, colour, onChange });
    this.stream = new MediaStream();
  }

  async setMic(on) {
    const added = on ? [await openMic(this.tone)] : [];
    this.replace(this.stream.getAudioTracks(), added);
  }

  /** 'camera', 'screen' or null. */
  async setVideo(source) {
    const added = source === 'camera' ? [await openCamera()] : source === 'screen' ? [openScreen(this.colour)] : [];
    this.replace(this.stream.getVideoTracks(), added);
  }

  replace(removed, added) {
    for (const track of removed) {
      this.stream.removeTrack(track);
      track.stop();
    }
    for (const track of added) this.stream.addTrack(track);
    this.onChange(this.stream, added, removed);
  }

  stop() {
    for (const track of this.stream.getTracks()) track.stop();
  }
}
