// The part of the REST contract that a call needs (sections 1, 5 and 6).
const TIMEOUT_MS = 10_000;

export class ApiError extends Error {
  constructor(code, message) {
    super(`${code} ${message}`);
    this.code = code;
  }
}

export function makeApi(token) {
  async function request(method, path, body) {
    const response = await fetch(`/api/${path}`, {
      method,
      headers: { Authorization: token, ...(body ? { 'Content-Type': 'application/json' } : {}) },
      body: body ? JSON.stringify(body) : undefined,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer = await response.json();
    if (answer.code !== 200) throw new ApiError(answer.code, answer.message);
    return answer.data || answer; // section 1: null, 0, "" and false give the whole envelope
  }
  return {
    getCall: (callId) => request('GET', `call?callId=${callId}`),
    join: (callId) => request('POST', `call/join?callId=${callId}`),
    hangup: (callId) => request('POST', `call/hangup?callId=${callId}`),
    userInfos: (userIds) => request('POST', 'user/infos', { userIds }),
  };
}
