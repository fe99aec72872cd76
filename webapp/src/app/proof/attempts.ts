/** Attempts to send something to another origin, made on purpose, to see the browser refuse them. */

/** How an attempt ended: the policy refused it, it failed (WebKit does not tell a worker why), or the browser let it go. */
export type Outcome = "refused" | "failed" | "sent";

export interface Attempt {
  readonly way: string; // "fetch"
  readonly outcome: Outcome;
}

/** What one thread found. `policy` is the one that the browser quotes when it refuses, "" where it refused nothing. */
export interface Finding {
  readonly attempts: readonly Attempt[];
  readonly policy: string;
}

const SETTLE = 300; // ms until the browser has reported its refusals

const PATIENCE = 3000; // ms

/** Try every way that this thread has, one after the other. Nothing private is in them: the body is one word. */
export async function attempt(address: string): Promise<Finding> {
  const refused: SecurityPolicyViolationEvent[] = [];
  const note = (event: Event) => refused.push(event as SecurityPolicyViolationEvent);
  globalThis.addEventListener("securitypolicyviolation", note);
  const attempts: Attempt[] = [];
  try {
    for (const [way, send] of Object.entries(ways())) {
      const before = refused.length;
      const ended = await Promise.race([outcome(send, address), later(PATIENCE, "failed" as const)]);
      await later(SETTLE, undefined); // the report comes after the refusal
      attempts.push({ way, outcome: refused.length > before ? "refused" : ended });
    }
  } finally {
    globalThis.removeEventListener("securitypolicyviolation", note);
  }
  const quoted = new Set(refused.map((event) => event.originalPolicy));
  return { attempts, policy: [...quoted].join("\n") };
}

/** Some ways throw at once, where a policy forbids them, and some reject. */
async function outcome(send: Send, address: string): Promise<Outcome> {
  try {
    await send(address);
    return "sent";
  } catch {
    return "failed";
  }
}

function later<T>(ms: number, value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(resolve, ms, value));
}

type Send = (address: string) => Promise<unknown> | unknown;

function ways(): Record<string, Send> {
  const post: Send = (address) => fetch(address, { method: "POST", mode: "no-cors", body: "proof" });
  const socket: Send = (address) => opened(new WebSocket(address.replace(/^http/, "ws")), "open");
  if (typeof document === "undefined") return { fetch: post, WebSocket: socket };
  return {
    fetch: post,
    WebSocket: socket,
    image: (address) => opened(Object.assign(new Image(), { src: `${address}?proof` }), "load"),
    beacon: (address) => {
      if (!navigator.sendBeacon(address, "proof")) throw new Error("not queued");
    },
  };
}

/** Resolves on the event, rejects on "error". */
function opened(target: EventTarget, event: string): Promise<void> {
  return new Promise((resolve, reject) => {
    target.addEventListener(event, () => resolve());
    target.addEventListener("error", () => reject(new Error(`no ${event}`)));
  });
}
