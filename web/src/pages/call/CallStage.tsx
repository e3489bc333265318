// The running call: header with status, notices, the grid of tiles, the controls, and the sound of the others.
import { useEffect, useMemo } from 'react';
import type { ActiveCall } from '../../call/ActiveCall';
import { fitGrid } from '../../components/layout';
import { useSize } from '../../hooks/useSize';
import { useAppSelector } from '../../store';
import { CallControls } from './CallControls';
import { CallHeader } from './CallHeader';
import { CallNotices } from './CallNotices';
import { RemoteAudio } from './RemoteAudio';
import { Tile } from './Tile';
import { tilesOf } from './tiles';

const GAP = 10;
const SIZE_SETTLE_MS = 400;

export function CallStage({ call }: { call: ActiveCall }) {
  const members = useAppSelector((state) => state.call.members);
  const userId = useAppSelector((state) => state.call.userId);
  const local = useAppSelector((state) => state.call.local);
  const connected = useAppSelector((state) => state.call.link === 'connected');
  const [area, size] = useSize<HTMLDivElement>();
  const tiles = useMemo(() => tilesOf({ members, userId, local }), [members, userId, local]);
  const grid = fitGrid(tiles.length, size.width, size.height, GAP);
  const { client } = call;

  // Nobody needs a larger picture than is shown. Sent when the layout has settled, and again after a reconnect.
  const shown = tiles.flatMap((tile) => (tile.own || !tile.videoTrackId ? [] : [tile.videoTrackId])).join(' ');
  useEffect(() => {
    if (!connected || !shown || grid.tileWidth === 0) return undefined;
    const scale = Math.min(2, devicePixelRatio);
    const timer = setTimeout(() => {
      for (const trackId of shown.split(' '))
        client.showAs(trackId, Math.round(grid.tileWidth * scale), Math.round(grid.tileHeight * scale), false);
    }, SIZE_SETTLE_MS);
    return () => clearTimeout(timer);
  }, [client, connected, shown, grid.tileWidth, grid.tileHeight]);

  return (
    <>
      <CallHeader />
      <CallNotices />
      <div className="call-grid" ref={area} style={{ gap: GAP }} data-testid="call-grid" data-tiles={tiles.length}>
        {tiles.map((tile) => (
          <Tile key={tile.key} tile={tile} board={client.board} width={grid.tileWidth} height={grid.tileHeight} />
        ))}
      </div>
      <RemoteAudio board={client.board} />
      <CallControls call={call} />
    </>
  );
}
