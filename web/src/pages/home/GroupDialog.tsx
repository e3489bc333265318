// A new group of some contacts. It appears among the contacts by the server's notification.
import { Checkbox, Form, Input } from 'antd';
import { useState } from 'react';
import * as api from '../../api/endpoints';
import { FormDialog } from '../../components/FormDialog';
import { useContactName } from '../../hooks/useNames';
import { useReport } from '../../hooks/useReport';
import { useTranslate } from '../../hooks/useTranslate';
import { useAppSelector } from '../../store';

interface Fields {
  name: string;
  contactIds: number[];
}

export function GroupDialog({ open, onClose }: { open: boolean; onClose(): void }) {
  const t = useTranslate();
  const report = useReport();
  const nameOf = useContactName();
  const contacts = useAppSelector((state) => state.contacts.contacts).filter((contact) => contact.userId > 0);
  const [form] = Form.useForm<Fields>();
  const [busy, setBusy] = useState(false);

  async function create({ name, contactIds }: Fields) {
    setBusy(true);
    try {
      await api.createGroup(name.trim(), contactIds);
      onClose();
    } catch (error) {
      report(error);
    } finally {
      setBusy(false);
    }
  }

  return (
    <FormDialog
      open={open}
      onClose={onClose}
      onSubmit={form.submit}
      busy={busy}
      title={t('group.title')}
      okText={t('group.create')}
      okId="create-group"
      width={520}
    >
      <Form<Fields> form={form} layout="vertical" preserve={false} requiredMark={false} onFinish={create}>
        <Form.Item name="name" label={t('group.name')} rules={[{ required: true, whitespace: true, message: t('group.needName') }]}>
          <Input autoFocus maxLength={50} data-testid="group-name" />
        </Form.Item>
        <Form.Item
          name="contactIds"
          label={t('group.members')}
          rules={[{ required: true, type: 'array', min: 1, message: t('group.needMembers') }]}
        >
          <Checkbox.Group className="checks">
            {contacts.map((contact) => (
              <Checkbox key={contact.contactId} value={contact.contactId} data-testid={`pick-${contact.userId}`}>
                {nameOf(contact)}
              </Checkbox>
            ))}
          </Checkbox.Group>
        </Form.Item>
      </Form>
    </FormDialog>
  );
}
