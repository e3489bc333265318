// A WebSocket for unit tests: the test is the server.
import type { SocketLike } from '../call/Signaling';

export class FakeSocket implements SocketLike {
  readyState = 0;
  readonly sent: string[] = [];
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.readyState = 3;
    this.onclose?.({} as CloseEvent);
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.({} as Event);
  }

  receive(message: unknown): void {
    this.onmessage?.({ data: typeof message === 'string' ? message : JSON.stringify(message) } as MessageEvent);
  }

  /** Requests of one type sent so far. */
  requests(type: string): { req: number; type: string; data: Record<string, unknown> }[] {
    return this.sent.map((text) => JSON.parse(text)).filter((frame) => frame.type === type);
  }

  /** Answers the newest request of a type. */
  answer(type: string, data: unknown): void {
    this.receive({ res: this.requests(type).at(-1)?.req, type, data });
  }

  refuse(type: string, code: string): void {
    this.receive({ res: this.requests(type).at(-1)?.req, type, error: { code, message: code } });
  }
}
