import {
  AudioMutedOutlined,
  AudioOutlined,
  DesktopOutlined,
  FullscreenOutlined,
  PhoneFilled,
  SettingOutlined,
  VideoCameraFilled,
  VideoCameraOutlined,
} from '@ant-design/icons';
import { Button, Dropdown, Tooltip } from 'antd';
import { memo, type ReactNode, useState } from 'react';
import type { ActiveCall } from '../../call/ActiveCall';
import { canShareScreen, type VideoQuality } from '../../call/devices';
import { useTranslate } from '../../hooks/useTranslate';
import { useAppDispatch, useAppSelector } from '../../store';
import { qualityChosen } from '../../store/settingsSlice';

const QUALITIES: VideoQuality[] = ['low', 'standard', 'high'];

export const CallControls = memo(function CallControls({ call }: { call: ActiveCall }) {
  const t = useTranslate();
  const dispatch = useAppDispatch();
  const { mic, camera, screen } = useAppSelector((state) => state.call.local);
  const quality = useAppSelector((state) => state.settings.quality);
  const [leaving, setLeaving] = useState(false);
  const { local } = call.client;

  return (
    <nav className="call-controls">
      <Toggle
        on={mic.on}
        look={mic.on ? 'normal' : 'off'}
        label={t(mic.on ? 'call.mic.off' : 'call.mic.on')}
        icon={mic.on ? <AudioOutlined /> : <AudioMutedOutlined />}
        onToggle={(on) => local.setMic(on)}
        testId="toggle-mic"
      />
      <Toggle
        on={camera.on}
        look={camera.on ? 'normal' : 'off'}
        label={t(camera.on ? 'call.camera.off' : 'call.camera.on')}
        icon={camera.on ? <VideoCameraFilled /> : <VideoCameraOutlined className="struck" />}
        onToggle={(on) => local.setCamera(on)}
        testId="toggle-camera"
      />
      {canShareScreen() && (
        <Toggle
          on={screen.on}
          look={screen.on ? 'active' : 'normal'}
          label={t(screen.on ? 'call.screen.off' : 'call.screen.on')}
          icon={<DesktopOutlined />}
          onToggle={(on) => local.setScreen(on)}
          testId="toggle-screen"
        />
      )}
      <Dropdown
        trigger={['click']}
        menu={{
          selectable: true,
          selectedKeys: [quality],
          items: [
            {
              type: 'group',
              label: t('call.quality'),
              children: QUALITIES.map((key) => ({ key, label: t(`call.quality.${key}`) })),
            },
          ],
          onClick: ({ key }) => dispatch(qualityChosen(key as VideoQuality)),
        }}
      >
        <Button shape="circle" size="large" icon={<SettingOutlined />} aria-label={t('call.quality')} />
      </Dropdown>
      <Tooltip title={t('call.fullscreen')}>
        <Button
          shape="circle"
          size="large"
          icon={<FullscreenOutlined />}
          aria-label={t('call.fullscreen')}
          onClick={() => void toggleFullscreen()}
        />
      </Tooltip>
      <Tooltip title={t('call.hangup')}>
        <Button
          danger
          type="primary"
          shape="round"
          size="large"
          className="hangup"
          icon={<PhoneFilled rotate={225} />}
          aria-label={t('call.hangup')}
          loading={leaving}
          onClick={() => {
            setLeaving(true);
            void call.hangUp();
          }}
          data-testid="hangup"
        />
      </Tooltip>
    </nav>
  );
});

interface ToggleProps {
  on: boolean;
  look: 'normal' | 'off' | 'active';
  label: string;
  icon: ReactNode;
  onToggle(on: boolean): Promise<void> | void;
  testId: string;
}

function Toggle({ on, look, label, icon, onToggle, testId }: ToggleProps) {
  const [busy, setBusy] = useState(false);
  const toggle = async () => {
    setBusy(true);
    await onToggle(!on);
    setBusy(false);
  };
  return (
    <Tooltip title={label}>
      <Button
        shape="circle"
        size="large"
        className={look}
        icon={icon}
        aria-label={label}
        aria-pressed={on}
        disabled={busy}
        onClick={() => void toggle()}
        data-testid={testId}
      />
    </Tooltip>
  );
}

async function toggleFullscreen(): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await document.documentElement.requestFullscreen().catch(() => {});
}
