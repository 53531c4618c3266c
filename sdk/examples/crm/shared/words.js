// What the CRM says, and how it writes times and numbers.

export function words(error) {
  if (error && typeof error === "object" && "description" in error) {
    return `${error.description} (${error.errorCode})`;
  }
  return String(error?.message ?? error);
}

/** What the header says of the line to Omnibar, and its tone. */
export function standing({ dock, agent, available }) {
  const ways = { loopback: "on this machine", relay: "through the centre" };
  switch (dock.state) {
    case "open":
      if (!agent) return { tone: "warn", text: "Omnibar: signed out" };
      return {
        tone: "ok",
        text: `${agent.userName}${available ? `, ${available}` : ""} \u00b7 ${ways[dock.way] ?? "connected"}`,
      };
    case "asking":
      return { tone: "warn", text: "Omnibar asks whether this page may dock" };
    case "loading":
      return { tone: "quiet", text: "Looking for Omnibar" };
    case "lost":
      return { tone: "warn", text: "Omnibar is away" };
    case "refused":
      return { tone: "bad", text: "Not allowed to dock" };
    default:
      return { tone: "bad", text: "The contact centre does not answer" };
  }
}

/** What the agent should read; nothing while all is as it should be. */
export function notice({ dock: { state, frame, way, words: text } }) {
  const direct = state === "open" && frame === "toolbar" && way === "loopback";
  return direct || state === "loading" ? "" : text;
}

export const PHASES = {
  ringing: "Ringing",
  connected: "On the call",
  wrapping: "Wrap-up",
};

/** `2:05`, `1:02:05` */
export function duration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(seconds % 60)}`
    : `${minutes}:${two(seconds % 60)}`;
}

/** `+1 555 0103` of a number as the line has it. */
export function display(phone) {
  return phone?.replace(/^\+1(\d{3})(\d{4})$/, "+1 $1 $2") ?? "";
}

/** `14:03:09` */
export function clock(at) {
  return new Date(at).toLocaleTimeString([], { hour12: false });
}

/** Local time with offset, as the contract wants a callback's. */
export function callbackTime(local) {
  const date = new Date(local);
  const offset = -date.getTimezoneOffset();
  const two = (n) => String(Math.trunc(Math.abs(n))).padStart(2, "0");
  return `${local.length === 16 ? `${local}:00` : local}${offset < 0 ? "-" : "+"}${two(offset / 60)}:${two(offset % 60)}`;
}
