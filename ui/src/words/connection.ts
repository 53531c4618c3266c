import type { CallFault, ConnectionStep, ConnectionTest, StepFault, StepState } from '../contract/generated';
import type { Message } from './en';
import { exchange, server } from './exchange';

const say = (what: string, next: string): Message => ({ what, next });

const steps: Record<ConnectionStep, string> = {
  name: 'Name of the server',
  port: 'Connection to its port',
  security: 'Encryption and certificate',
  web_socket: 'WebSocket',
  registration: 'Registration',
  relay: 'TURN servers',
  call: 'Call to the echo number',
  voice: 'Voice there and back',
};

/** Read out; the icon says the same. */
const states: Record<StepState['state'], string> = {
  waiting: 'not tried',
  running: 'is being tried',
  passed: 'is well',
  failed: 'failed',
};

function call(fault: CallFault): Message {
  switch (fault.call) {
    case 'no_such_number':
      return say('There is nobody at the echo number', 'Check the number.');
    case 'not_allowed':
      return say(
        'This extension may not call the echo number',
        'Ask whoever runs the phone system to allow it.',
      );
    case 'no_common_codec':
      return say(
        'The phone system and this computer have no codec in common',
        'Have it allow Opus, G.722 or G.711 for this extension.',
      );
    case 'ended':
      return say(
        `The test call ended: ${fault.said.replace(/\.$/, '')}`,
        'Try again, or try another number.',
      );
    case 'unanswered':
      return say(
        'Nobody answered the test call',
        'Give a number that answers by itself, as an echo test does.',
      );
    case 'no_path':
      return say(
        'The call was answered, but there is no way for the voice',
        'A firewall keeps voice (UDP) away: ask for the ports to be opened, or give a TURN server in the settings.',
      );
    case 'nothing_comes':
      return say(
        'The call is up, but nothing is heard',
        'Check that the number says back what it hears. If it does, ask whoever runs the phone system where it sends its voice.',
      );
    case 'nothing_returns':
      return say(
        'The phone system is heard, but what is said here does not come back',
        'Check that the number says back what it hears. If it does, a firewall keeps your voice away.',
      );
    default: {
      const unknown: never = fault;
      return say(JSON.stringify(unknown), '');
    }
  }
}

/** What is wrong, and what to do. */
function fault(of: StepFault): Message {
  switch (of.fault) {
    case 'server':
      return server(of.server);
    case 'refused':
      return exchange.signInFault(of.why) ?? say('The phone system refused to register this extension', '');
    case 'no_answer':
      return say(
        'The server is there, but the phone system does not answer',
        'Ask whoever runs it whether it takes phones over WebSocket.',
      );
    case 'relay_refused':
      return say(
        `The TURN server ${of.url} does not take your name or password`,
        'Enter both again in the settings under Connection.',
      );
    case 'relay_untrusted':
      return say(
        `No secure connection to the TURN server ${of.url}`,
        'If the company has an authority of its own, name its certificate file under More at sign-in.',
      );
    case 'relay_silent':
      return say(
        `The TURN server ${of.url} does not answer`,
        'Check its address, and that the network lets voice through to it.',
      );
    case 'call':
      return call(of.call);
    default: {
      const unknown: never = of;
      return say(JSON.stringify(unknown), '');
    }
  }
}

/** How the test stands, in a sentence or two. */
function summary({ state, steps: done }: ConnectionTest): Message {
  switch (state) {
    case 'idle':
      return say('', '');
    case 'running': {
      const at = done.findIndex((s) => s.state.state === 'running');
      const now = done[at];
      return now ? say(`Step ${at + 1} of ${done.length}: ${steps[now.step]}`, '') : say('Testing', '');
    }
    case 'passed':
      return done.some((s) => s.step === 'voice')
        ? say('All is well: you are let in, and voice passes both ways', '')
        : say('You are let in. Voice was not tested', 'Give an echo number to test it too.');
    case 'failed': {
      const bad = done.find((s) => s.state.state === 'failed');
      return bad?.state.state === 'failed' ? fault(bad.state.fault) : say('The test failed', 'Test again.');
    }
    case 'stopped':
      return say('The test was stopped', '');
    case 'interrupted':
      return say('A call came first, so the test was ended', 'Test again after the call.');
    case 'in_call':
      return say('Not during a call: the test needs your line', 'Test again after the call.');
    case 'bad_address':
      return say('Address, server or echo number cannot be right', 'Check all three, then test again.');
    case 'no_password':
      return say('The password is missing', 'Type it, then test again.');
    default: {
      const unknown: never = state;
      return say(String(unknown), '');
    }
  }
}

/** The test of an extension's connection. */
export const connection = {
  title: 'Connection test',
  run: 'Test connection',
  stop: 'Stop the test',
  hint: 'Tries the way to the phone system step by step. Callers do not reach you for these seconds.',
  inCall: 'Not during a call: the test needs your line.',
  echo: 'Echo number',
  echoHint: 'Says back what it hears. The connection test calls it to try the voice.',
  steps,
  states,
  took: (ms: number) => (ms < 1000 ? `${Math.max(ms, 1)} ms` : `${(ms / 1000).toFixed(1)} s`),
  fault,
  summary,
};
