// The frame of a dialog that is one form.
import { Modal } from 'antd';
import type { ReactNode } from 'react';
import { useTranslate } from '../hooks/useTranslate';

interface Props {
  open: boolean;
  onClose(): void;
  /** Sends the form: its `submit`. */
  onSubmit(): void;
  busy: boolean;
  title: string;
  okText: string;
  /** The test id of the button that sends. */
  okId: string;
  width?: number;
  children: ReactNode;
}

export function FormDialog({ open, onClose, onSubmit, busy, title, okText, okId, width = 400, children }: Props) {
  const t = useTranslate();
  return (
    <Modal
      open={open}
      onCancel={onClose}
      onOk={onSubmit}
      confirmLoading={busy}
      title={title}
      okText={okText}
      cancelText={t('chat.cancel')}
      okButtonProps={{ 'data-testid': okId }}
      width={width}
      destroyOnHidden
    >
      {children}
    </Modal>
  );
}
