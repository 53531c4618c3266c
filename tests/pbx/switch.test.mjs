// A centre with its builtin switch, and one whose calls are all in a real Asterisk: the same
// checks for both, and then what only a PBX with a phone network behind it can be asked.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { ARI } from './lib/accounts.mjs';
import { AsteriskFloor, BuiltinFloor } from './lib/floor.mjs';
import { AGENT, CUSTOMER, switching } from './lib/switching.mjs';

const NUMBER = '+15550101';

switching(AsteriskFloor, (suite) => {
  suite.behaves('who calls in is shown with his number', async () => {
    const agent = await suite.floor.agent('agent1', AGENT);
    await suite.floor.customer(CUSTOMER);
    const { customer } = await agent.take();
    assert.equal(customer.number, '2001');
  });

  suite.behaves('a call from the web page is refused in words', async () => {
    const page = new WebSocket(`${suite.floor.centre.url}/ws/customer`);
    await once(page, 'open');
    const said = once(page, 'message');
    page.send(JSON.stringify({ type: 'call', name: 'Nora Winter', queue: 'support' }));
    page.send(JSON.stringify({ type: 'offer', sdp: 'v=0\r\n' }));
    const [answer] = await said;
    page.close();
    assert.match(JSON.parse(answer).message, /by telephone only/);
  });

  suite.behaves('the keys that an agent presses reach the customer', async () => {
    const { agent, customer } = await suite.connected();
    agent.phone.say('dtmf 15');
    await customer.line.digit('1');
    await customer.line.digit('5');
  });

  suite.behaves('an agent calls a number, with ringback until it is answered', async () => {
    const agent = await suite.floor.agent('agent1', AGENT, { args: ['--campaign', 'outreach'] });
    const customer = await suite.floor.telephone({ number: NUMBER, hertz: CUSTOMER, autoAnswer: false });
    await agent.say(`call ${NUMBER}`, 'ringing');
    // indications.conf: 440 and 480 Hz.
    await agent.hears({ 440: true, 480: true });
    const call = await customer.incoming();
    const up = agent.phone.call('connected');
    await call.answer();
    await up;
    await suite.together(agent, customer);
    await agent.say('hangup', 'wrapping');
    await call.ended();
  });

  suite.behaves('a busy number is told as busy', async () => {
    const agent = await suite.floor.agent('agent1', AGENT, { args: ['--campaign', 'outreach'] });
    const customer = await suite.floor.telephone({ number: NUMBER, hertz: CUSTOMER, autoAnswer: false });
    await agent.say(`call ${NUMBER}`, 'ringing');
    const call = await customer.incoming();
    const over = agent.phone.call('wrapping');
    await call.reject();
    assert.equal((await over).call.cause, 'busy');
  });

  suite.behaves('an IVR asks the customer and hands him back to a queue', async () => {
    const { agent, customer } = await suite.connected();
    await agent.say('transfer ivr:survey', 'wrapping');
    await customer.hears({ 1320: true });
    await customer.line.dtmf('1');
    await suite.hearsMusic(customer);
    const colleague = await suite.colleague();
    await suite.together(customer, colleague);
  });

  suite.behaves('an Asterisk that was killed ends its calls on the screen, and takes new ones', async () => {
    const { agent } = await suite.connected();
    const [over, from] = [agent.phone.call('wrapping', { timeout: 30000 }), agent.phone.events.length];
    await suite.floor.pbx.restart({ crash: true });
    assert.equal((await over).call.cause, 'switch_lost');
    await agent.voice(from);
    agent.phone.say('dispose resolved');
    const customer = await suite.floor.customer(CUSTOMER, '2002');
    await agent.take();
    await suite.together(agent, customer);
  });

  suite.behaves('the log of the centre holds no credential', async () => {
    await suite.connected();
    const [centre] = (await suite.floor.told()).split('--- Asterisk');
    assert.ok(centre.includes('ari'), 'it says what it asks');
    assert.ok(!centre.includes(ARI.password) && !/basic |password/i.test(centre), centre);
  });
});

switching(BuiltinFloor);
