// What is wrong with the own devices, in sentences that can be closed.
import { Alert } from 'antd';
import { memo } from 'react';
import type { Problem } from '../../call/devices';
import type { LocalState } from '../../call/LocalMedia';
import { useTranslate } from '../../hooks/useTranslate';
import { useAppSelector } from '../../store';

const DEVICES: (keyof LocalState)[] = ['camera', 'mic', 'screen'];

export const CallNotices = memo(function CallNotices() {
  const t = useTranslate();
  const local = useAppSelector((state) => state.call.local);
  const problems = DEVICES.flatMap((device) => {
    const problem = local[device].problem;
    return problem ? [{ device, problem }] : [];
  });
  // The one sentence about an insecure page speaks of both devices.
  const shown = problems.filter(
    ({ problem }, index) => problem !== 'insecure' || problems.findIndex((other) => other.problem === problem) === index,
  );
  const text = (device: keyof LocalState, problem: Problem) =>
    t(`call.problem.${problem}`, { device: t(`call.missing.${device}`) });
  return (
    <div className="call-notices">
      {shown.map(({ device, problem }) => (
        <Alert
          key={`${device}-${problem}`}
          type="warning"
          showIcon
          closable
          message={text(device, problem)}
          data-testid={`notice-${device}`}
        />
      ))}
    </div>
  );
});
