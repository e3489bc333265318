// A ring made of two tones by the browser itself. A page that was never touched may not make sound: then it is silent.

const PERIOD_S = 3;
const TONES_HZ = [880, 660];
const CHIME_HZ = 1_046;

/** Rings until the returned function is called. */
export function ring(): () => void {
  if (typeof AudioContext === 'undefined') return () => {};
  const context = new AudioContext();
  const play = () => {
    TONES_HZ.forEach((frequency, index) => tone(context, frequency, context.currentTime + index * 0.25));
  };
  const timer = setInterval(play, PERIOD_S * 1_000);
  play();
  return () => {
    clearInterval(timer);
    void context.close();
  };
}

/** One short sound for a new message. */
export function chime(): void {
  if (typeof AudioContext === 'undefined') return;
  const context = new AudioContext();
  tone(context, CHIME_HZ, context.currentTime);
  setTimeout(() => void context.close(), 1_000);
}

function tone(context: AudioContext, frequency: number, at: number): void {
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  oscillator.frequency.value = frequency;
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(0.15, at + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.001, at + 0.5);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(at);
  oscillator.stop(at + 0.5);
}
