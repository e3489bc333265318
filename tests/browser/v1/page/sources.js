// Where pictures and sound come from: the browser's (fake) devices, or a tone and a colour that tell whose they are.
// Small and slow: in a mesh of five there are twenty encoders and twenty decoders on the machine of the tests.
const CAMERA = { width: 160, height: 96, frameRate: 6 };
const SCREEN = { width: 192, height: 112 };
const SCREEN_FPS = 5;

// No real device is there at once; this client would lose media that are ready before the server's first states.
const DEVICE_MS = 1000;
const warmUp = () => new Promise((resolve) => setTimeout(resolve, DEVICE_MS));

export async function openCamera() {
  await warmUp();
  return (await navigator.mediaDevices.getUserMedia({ video: CAMERA })).getVideoTracks()[0];
}

export async function openMic(tone) {
  await warmUp();
  if (tone) return openTone(tone);
  return (await navigator.mediaDevices.getUserMedia({ audio: true })).getAudioTracks()[0];
}

let context;
export function audioContext() {
  context ??= new AudioContext();
  return context;
}

function openTone(hertz) {
  const destination = audioContext().createMediaStreamDestination();
  const oscillator = new OscillatorNode(audioContext(), { frequency: hertz });
  oscillator.connect(new GainNode(audioContext(), { gain: 0.3 })).connect(destination);
  oscillator.start();
  const [track] = destination.stream.getAudioTracks();
  return track;
}

/** A screen of one colour with a bar that wanders over it. */
export function openScreen(colour) {
  const canvas = Object.assign(document.createElement('canvas'), SCREEN);
  const paint = canvas.getContext('2d');
  let step = 0;
  const draw = () => {
    paint.fillStyle = colour;
    paint.fillRect(0, 0, canvas.width, canvas.height);
    paint.fillStyle = '#fff';
    paint.fillRect((step++ * 12) % canvas.width, 0, 40, canvas.height / 4);
  };
  draw();
  const timer = setInterval(draw, 1000 / SCREEN_FPS);
  const [track] = canvas.captureStream(SCREEN_FPS).getVideoTracks();
  const stop = track.stop.bind(track);
  track.stop = () => {
    clearInterval(timer);
    stop();
  };
  return track;
}
