// One axios instance for `/api`: adds the token, opens the envelope, turns every failure into an ApiError.
import axios, { AxiosError, type AxiosRequestConfig } from 'axios';

/** Code of a failure without an answer of the server (network down, timeout, a body that is no envelope). */
export const NETWORK_ERROR = -1;
const CODE_UNAUTHORIZED = 401;
const CODE_TOKEN_EXPIRED = 1005;
/** A field breaks its rule. */
export const CODE_INVALID = 1003;
export const CODE_WRONG_PASSWORD = 1004;

export class ApiError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

interface Envelope {
  code: number;
  status: string;
  data?: unknown;
  message?: string;
}

let readToken: () => string = () => '';
let loginLost: () => void = () => {};

/** The store comes later than this module, so it hands in what is needed from it. */
export function connectHttp(hooks: { token: () => string; onLoginLost: () => void }): void {
  readToken = hooks.token;
  loginLost = hooks.onLoginLost;
}

const client = axios.create({ baseURL: '/api', timeout: 10_000 });

client.interceptors.request.use((config) => {
  const token = readToken();
  if (token) config.headers.set('Authorization', token);
  return config;
});

function isEnvelope(body: unknown): body is Envelope {
  return typeof body === 'object' && body !== null && typeof (body as Envelope).code === 'number';
}

/** Exported for its test. */
export function openEnvelope(body: unknown): unknown {
  if (!isEnvelope(body)) throw new ApiError(NETWORK_ERROR, 'the answer is not an ichat answer');
  if (body.code !== 200) throw new ApiError(body.code, body.message ?? '');
  return body.data ?? null;
}

export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof AxiosError) {
    const body: unknown = error.response?.data;
    if (isEnvelope(body)) return new ApiError(body.code, body.message ?? '');
    return new ApiError(NETWORK_ERROR, error.message);
  }
  return new ApiError(NETWORK_ERROR, String(error));
}

export async function request<T>(config: AxiosRequestConfig): Promise<T> {
  const sentWith = readToken();
  try {
    return openEnvelope((await client.request<unknown>(config)).data) as T;
  } catch (error) {
    const failure = toApiError(error);
    const lost = failure.code === CODE_UNAUTHORIZED || failure.code === CODE_TOKEN_EXPIRED;
    // Only the login that the request was sent with is lost, not one made meanwhile.
    if (lost && sentWith && sentWith === readToken()) loginLost();
    throw failure;
  }
}

export const get = <T>(url: string, params?: object) => request<T>({ method: 'GET', url, params });
export const post = <T>(url: string, data?: object, params?: object) =>
  request<T>({ method: 'POST', url, data: data ?? {}, params });
