// What the server answers, or why it does not, in a sentence for the user.

export class Refusal extends Error {}

export async function ask(url, { method = "GET", body, signal } = {}) {
  const sent = body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  try {
    const answer = await fetch(url, { method, signal, ...sent });
    const told = answer.status === 204 ? null : await answer.json();
    if (answer.ok) return told;
    throw new Refusal(told.error.message);
  } catch (error) {
    if (signal?.aborted || !(error instanceof TypeError || error instanceof SyntaxError)) throw error;
    throw new Refusal("The server did not answer. Is it still running?");
  }
}
