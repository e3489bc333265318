// Chromium with fake camera and microphone, and pages that are each a person of their own.
import { chromium } from 'playwright-core';

const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';

const FAKE_DEVICE = '--use-fake-device-for-media-stream';

// The last such switch counts, so Playwright's own list stands here again, and before it the panels of the address bar, which
// no test opens and for which each window had a renderer of its own: a sixth of the suite's CPU.
const DISABLED_FEATURES = [
  '--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup',
  'AcceptCHFrame,AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,DialMediaRouteProvider,GlobalMediaControls',
  'HttpsUpgrades,LensOverlay,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,Translate,AutoDeElevate,RenderDocument',
].join(',');

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  DISABLED_FEATURES,
  FAKE_DEVICE,
  '--use-fake-ui-for-media-stream',
  '--auto-select-desktop-capture-source=Entire screen',
  '--autoplay-policy=no-user-gesture-required',
];

const launchOptions = (fps) => ({
  executablePath: EXECUTABLE,
  headless: true,
  args: ARGS.map((arg) => (arg === FAKE_DEVICE ? `${arg}=fps=${fps}` : arg)),
  timeout: 60_000,
});
const FPS = 10; // two cores encode and decode for all the members of a call

/** `fps`: of the fake cameras. */
export const launchBrowser = ({ fps = FPS } = {}) => chromium.launch(launchOptions(fps));

/** A browser in a process of its own that can be killed as a crash would: `kill()`. */
export async function launchKillable() {
  const server = await chromium.launchServer(launchOptions(FPS));
  const browser = await chromium.connect(server.wsEndpoint());
  return { browser, kill: () => server.kill() };
}

/** An own context (own storage, own login) with one page. `login` puts a login made over REST into it. */
export async function newPerson(browser, server, { login, quality = 'standard', viewport } = {}) {
  const context = await browser.newContext({
    baseURL: server.url,
    locale: 'en-US',
    viewport: viewport ?? { width: 1280, height: 720 },
    permissions: ['camera', 'microphone'],
  });
  await context.addInitScript(
    ([token, userId, size]) => {
      localStorage.setItem('ichat.videoQuality', size);
      if (!token) return;
      localStorage.setItem('token', token);
      localStorage.setItem('loginUserId', String(userId));
    },
    [login?.token, login?.userId, quality],
  );
  const page = await context.newPage();
  page.setDefaultTimeout(60_000); // how long a busy machine may take; nothing waits longer than it must
  const console = [];
  page.on('console', (message) => console.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => console.push(`uncaught: ${error.stack ?? error}`));
  return { context, page, console };
}
