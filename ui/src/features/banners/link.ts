import type { LineState, Link, Moment } from '../../contract/generated';
import { left } from '../../state/clock.svelte';
import { words } from '../../words';
import type { Message } from '../../words/en';

/** `since`: when the link came to be as it is; its next try is counted from there. */
export function linkMessage(link: Link, since: Moment, now: Moment, atExchange = false): Message | null {
  const away = atExchange ? words.exchange.away : words.centreAway;
  switch (link.state) {
    case 'up':
      return null;
    case 'down':
      return { what: away, next: words.centreAwayNext };
    case 'reconnecting': {
      const seconds = left(now, since + link.next_try_ms);
      return {
        what: away,
        next: seconds > 0 ? words.tryingIn(seconds) : words.tryingNow,
      };
    }
    default: {
      const unknown: never = link;
      return unknown;
    }
  }
}

export function lineMessage(line: LineState): Message | null {
  switch (line) {
    case 'closed':
    case 'up':
    case 'connecting':
      return null;
    case 'lost':
      return { what: words.lineLost, next: words.lineLostNext };
    case 'recovering':
      return { what: words.lineLost, next: words.lineRecovering };
    case 'failed':
      return { what: words.lineFailed, next: words.lineFailedNext };
    default: {
      const unknown: never = line;
      return unknown;
    }
  }
}
