// The sound of the others: one audio element for each of their audio tracks. Browsers may refuse to play before the
// person has touched the page; then a button asks for that touch.
import { SoundOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { memo, useCallback, useEffect, useRef, useState } from 'react';
import type { Source } from '../../call/protocol';
import type { StreamBoard } from '../../call/StreamBoard';
import { useStream } from '../../hooks/useStream';
import { useTranslate } from '../../hooks/useTranslate';
import { useAppSelector } from '../../store';

const AUDIO_SOURCES: Source[] = ['mic', 'screen-audio'];

export const RemoteAudio = memo(function RemoteAudio({ board }: { board: StreamBoard }) {
  const t = useTranslate();
  const members = useAppSelector((state) => state.call.members);
  const userId = useAppSelector((state) => state.call.userId);
  const [blocked, setBlocked] = useState(false);
  const [touch, setTouch] = useState(0);
  const onBlocked = useCallback(() => setBlocked(true), []);

  return (
    <>
      {members
        .filter((member) => member.userId !== userId)
        .flatMap((member) =>
          AUDIO_SOURCES.map((source) => (
            <Sound
              key={`${member.userId}-${source}`}
              board={board}
              userId={member.userId}
              source={source}
              touch={touch}
              onBlocked={onBlocked}
            />
          )),
        )}
      {blocked && (
        <Button
          className="enable-sound"
          type="primary"
          icon={<SoundOutlined />}
          onClick={() => {
            setBlocked(false);
            setTouch(touch + 1);
          }}
          data-testid="enable-sound"
        >
          {t('call.enableSound')}
        </Button>
      )}
    </>
  );
});

interface SoundProps {
  board: StreamBoard;
  userId: number;
  source: Source;
  /** Changes when the person has touched the page: play again. */
  touch: number;
  onBlocked(): void;
}

function Sound({ board, userId, source, touch, onBlocked }: SoundProps) {
  const ref = useRef<HTMLAudioElement>(null);
  const stream = useStream(board, userId, source);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    if (element.srcObject !== stream) element.srcObject = stream;
    if (!stream) return;
    element.play().catch((error: unknown) => {
      if (error instanceof Error && error.name === 'NotAllowedError') onBlocked();
    });
  }, [stream, touch, onBlocked]);
  return <audio ref={ref} data-testid={`audio-${userId}-${source}`} />;
}
