import { beforeEach, expect, test, vi } from 'vitest';
import { CallError } from './protocol';
import { Publisher } from './Publisher';

class FakeTransceiver {
  direction = 'sendonly';
  readonly sender = {
    track: null as unknown,
    replaceTrack: async (track: unknown) => void (this.sender.track = track),
  };
  constructor(
    readonly mid: string,
    track: unknown,
  ) {
    this.sender.track = track;
  }
}

class FakePc {
  readonly transceivers: FakeTransceiver[] = [];
  readonly offers: { iceRestart?: boolean }[] = [];
  readonly encodings: (RTCRtpEncodingParameters[] | undefined)[] = [];
  signalingState = 'stable';
  localDescription = { sdp: 'offer' };
  addTransceiver = (track: unknown, init: RTCRtpTransceiverInit) => {
    this.encodings.push(init.sendEncodings);
    const transceiver = new FakeTransceiver(String(this.transceivers.length), track);
    this.transceivers.push(transceiver);
    return transceiver;
  };
  createOffer = async (options: { iceRestart?: boolean }) => {
    this.offers.push(options);
    return { type: 'offer', sdp: 'offer' };
  };
  setLocalDescription = async ({ type }: { type: string }) => {
    this.signalingState = type === 'offer' ? 'have-local-offer' : 'stable';
  };
  setRemoteDescription = async () => {
    this.signalingState = 'stable';
  };
  close = () => {};
}

interface PublishData {
  tracks: { mid: string; source: string; muted: boolean }[];
}

let pc: FakePc;
let publisher: Publisher;
const failed = vi.fn();
const request = vi.fn();
const track = (id: string, height = 360) => ({ id, getSettings: () => ({ height }) }) as unknown as MediaStreamTrack;
const settle = () => new Promise((resolve) => setTimeout(resolve));
const sent = (type: string) => request.mock.calls.filter((call) => call[0] === type).map((call) => call[1]);

function accept(type: string, data: object): Promise<unknown> {
  if (type !== 'publish') return Promise.resolve({});
  const { tracks } = data as PublishData;
  return Promise.resolve({ sdp: 'answer', tracks: tracks.map(({ mid }) => ({ mid, trackId: `t${mid}` })) });
}

beforeEach(() => {
  vi.stubGlobal('MediaStream', class {});
  vi.clearAllMocks();
  request.mockImplementation(accept);
  pc = new FakePc();
  publisher = new Publisher({ createPc: () => pc as unknown as RTCPeerConnection, request, failed });
});

test('sources opened together share one offer that names them', async () => {
  void publisher.send('mic', track('m'), false);
  void publisher.send('camera', track('c'), false);
  await settle();
  expect(sent('publish')).toEqual([
    {
      sdp: 'offer',
      tracks: [
        { mid: '0', source: 'mic', muted: false },
        { mid: '1', source: 'camera', muted: false },
      ],
    },
  ]);
});

test('camera off and on changes the track and says mute, without an offer', async () => {
  void publisher.send('camera', track('c'), false);
  await settle();
  await publisher.send('camera', null, true);
  await publisher.send('camera', track('c2'), false);
  expect(sent('publish')).toHaveLength(1);
  expect(sent('mute')).toEqual([
    { trackId: 't0', muted: true },
    { trackId: 't0', muted: false },
  ]);
  expect(pc.transceivers).toHaveLength(1);
  expect(pc.transceivers[0]?.sender.track).toMatchObject({ id: 'c2' });
});

test('a large camera goes out in three layers, lowest first; a small one and a screen in one', async () => {
  void publisher.send('mic', track('m'), false);
  void publisher.send('camera', track('c', 720), false);
  void publisher.send('screen', track('s', 1080), false);
  await settle();
  const [mic, camera, screen] = pc.encodings;
  expect(mic).toBeUndefined();
  expect(camera?.map(({ rid, scaleResolutionDownBy }) => [rid, scaleResolutionDownBy])).toEqual([
    ['q', 4],
    ['h', 2],
    ['f', 1],
  ]);
  expect(screen).toEqual([{ maxBitrate: 2_500_000 }]);
  const small = new FakePc();
  const other = new Publisher({ createPc: () => small as unknown as RTCPeerConnection, request, failed });
  void other.send('camera', track('c', 480), false);
  await settle();
  expect(small.encodings).toEqual([[{ maxBitrate: 1_500_000 }]]);
});

test('muted while the offer is under way is told after its answer', async () => {
  void publisher.send('mic', track('m'), false);
  void publisher.send('mic', track('m'), true);
  let release = () => {};
  request.mockImplementationOnce(async (type: string, data: object) => {
    await new Promise<void>((resolve) => (release = resolve));
    return accept(type, data);
  });
  await settle();
  await publisher.send('mic', track('m'), false);
  release();
  await settle();
  expect((sent('publish')[0] as PublishData).tracks[0]?.muted).toBe(true);
  expect(sent('mute')).toEqual([{ trackId: 't0', muted: false }]);
});

test('an ended share is offered as inactive and its line is used again', async () => {
  void publisher.send('screen', track('s'), false);
  await settle();
  await publisher.end('screen');
  await settle();
  expect(pc.transceivers[0]?.direction).toBe('inactive');
  expect((sent('publish')[1] as PublishData).tracks).toEqual([]);
  await publisher.send('screen', track('s2'), false);
  await settle();
  expect(pc.transceivers).toHaveLength(1);
  expect((sent('publish')[2] as PublishData).tracks).toEqual([{ mid: '0', source: 'screen', muted: false }]);
});

test('an offer that went unanswered is repeated when the link is back', async () => {
  request.mockRejectedValueOnce(new CallError('link_lost', ''));
  void publisher.send('mic', track('m'), false);
  await settle();
  expect(failed).not.toHaveBeenCalled();
  publisher.resume();
  await settle();
  expect(sent('publish')).toHaveLength(2);
  publisher.resume();
  await settle();
  expect(sent('publish')).toHaveLength(2);
});

test('a refused offer is rolled back and reported', async () => {
  request.mockRejectedValueOnce(new CallError('bad_sdp', 'no'));
  void publisher.send('mic', track('m'), false);
  await settle();
  expect(failed).toHaveBeenCalledOnce();
  expect(pc.signalingState).toBe('stable');
});

test('an ICE restart stays wanted until an offer with it was answered', async () => {
  void publisher.send('mic', track('m'), false);
  await settle();
  request.mockRejectedValueOnce(new CallError('timeout', ''));
  publisher.restartIce();
  await settle();
  publisher.resume();
  await settle();
  publisher.restartIce();
  await settle();
  expect(pc.offers.map((offer) => offer.iceRestart)).toEqual([false, true, true, true]);
});
