// What the server answers, or why it does not, in a sentence for the user.

export class Refusal extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

export async function ask(url, { method = "GET", body, bytes, signal } = {}) {
  const json = body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const sent = bytes ? { headers: { "Content-Type": "application/octet-stream" }, body: bytes } : json;
  try {
    const answer = await fetch(url, { method, signal, ...sent });
    const told = answer.status === 204 ? null : await answer.json();
    if (answer.ok) return told;
    throw new Refusal(told.error.message, answer.status);
  } catch (error) {
    if (signal?.aborted || !(error instanceof TypeError || error instanceof SyntaxError)) throw error;
    throw new Refusal("The server did not answer. Is it still running?");
  }
}
