import { AudioMutedOutlined, AudioOutlined, VideoCameraOutlined } from '@ant-design/icons';
import { memo, useEffect, useRef } from 'react';
import type { StreamBoard } from '../../call/StreamBoard';
import { PersonAvatar } from '../../components/PersonAvatar';
import { useStream } from '../../hooks/useStream';
import { useTranslate } from '../../hooks/useTranslate';
import { isTextKey } from '../../i18n';
import { useAppSelector } from '../../store';
import type { TileInfo } from './tiles';

interface Props {
  tile: TileInfo;
  board: StreamBoard;
  width: number;
  height: number;
}

/** Drawn anew only when something of this tile changes: a call has many, and events come often. */
export const Tile = memo(function Tile({ tile, board, width, height }: Props) {
  const t = useTranslate();
  const user = useAppSelector((state) => state.users[tile.userId]);
  const stream = useStream(board, tile.userId, tile.source);
  const speaking = useAppSelector((state) => state.call.speaking.includes(tile.userId));
  const isScreen = tile.source === 'screen';
  const name = tile.nickname || user?.nickname || `#${tile.userId}`;
  const label = isScreen ? t('call.screenOf', { name }) : tile.own ? `${name} (${t('call.you')})` : name;
  const showVideo = tile.showVideo && stream !== null && tile.waiting === 0;
  const stateKey = `call.state.${tile.waiting}`;
  const mirrored = tile.own && !isScreen;
  const classes = ['tile', speaking && !isScreen ? 'speaking' : '', isScreen ? 'screen' : ''].join(' ').trim();

  return (
    <section
      className={classes}
      style={{ width, height }}
      aria-label={label}
      data-testid={isScreen ? `tile-${tile.userId}-screen` : `tile-${tile.userId}`}
      data-user={tile.userId}
      data-own={tile.own}
    >
      {showVideo ? (
        <Video stream={stream} mirrored={mirrored} testId={`video-${tile.userId}-${tile.source}`} />
      ) : (
        <PersonAvatar id={tile.userId} name={name} avatar={user?.avatar} size={Math.max(40, Math.min(140, height * 0.4))} />
      )}
      {isTextKey(stateKey) && (
        <p className="tile-state" data-testid={`state-${tile.userId}`}>
          {t(stateKey)}
        </p>
      )}
      <footer>
        {!isScreen && tile.waiting === 0 && (
          <span
            className={tile.micOn ? 'mic' : 'mic off'}
            role="img"
            aria-label={t(tile.micOn ? 'call.micOn' : 'call.micMuted')}
            data-testid={`mic-${tile.userId}`}
            data-on={tile.micOn}
          >
            {tile.micOn ? <AudioOutlined /> : <AudioMutedOutlined />}
          </span>
        )}
        {!isScreen && tile.waiting === 0 && !tile.showVideo && (
          <span className="mic off" role="img" aria-label={t('call.cameraOff')} data-testid={`camera-off-${tile.userId}`}>
            <VideoCameraOutlined className="struck" />
          </span>
        )}
        <span className="tile-name">{label}</span>
      </footer>
    </section>
  );
});

function Video({ stream, mirrored, testId }: { stream: MediaStream; mirrored: boolean; testId: string }) {
  const ref = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (ref.current) ref.current.srcObject = stream;
  }, [stream]);
  // Sound has elements of its own (RemoteAudio), so pictures are always muted and may always start by themselves.
  return <video ref={ref} className={mirrored ? 'mirrored' : ''} autoPlay playsInline muted data-testid={testId} />;
}
