import { describe, expect, it } from 'vitest';
import { KEY_ACTIONS, isKeyAction, meaning, read, type KeyContext } from '../src/keys';
import { call, NOTHING, offer, TALKING, view, wrapping } from '../src/host/fixture/views';

const idle: KeyContext = { open: false, offer: false, keypad: false };
const press = (key: string, init: KeyboardEventInit = {}, target: EventTarget = document.body) => {
  const event = new KeyboardEvent('keydown', { key, cancelable: true, ...init });
  Object.defineProperty(event, 'target', { value: target });
  return event;
};

describe('reading keys', () => {
  it('knows each Alt key by its letter, whatever the case', () => {
    const letters = { hold: 'h', conference: 'c', transfer: 't', mute: 'm', end: 'e', dispose: 'd' };
    for (const action of KEY_ACTIONS) {
      const letter = letters[action];
      for (const key of [letter, letter.toUpperCase()]) {
        expect(read(press(key, { altKey: true }), idle)).toEqual({ press: 'action', action });
      }
    }
  });

  it('falls back to the place of the key where Alt makes another character', () => {
    expect(read(press('˙', { altKey: true, code: 'KeyH' }), idle)).toEqual({
      press: 'action',
      action: 'hold',
    });
  });

  it('leaves other chords, repeats and compositions alone', () => {
    expect(read(press('h', { altKey: true, ctrlKey: true }), idle)).toBeNull();
    expect(read(press('h', { altKey: true, repeat: true }), idle)).toBeNull();
    expect(read(press('h', { altKey: true, isComposing: true }), idle)).toBeNull();
    expect(read(press('x', { altKey: true }), idle)).toBeNull();
    expect(read(press('h'), idle)).toBeNull();
  });

  it('works with Alt while a note is being typed, but answers nothing from there', () => {
    const field = document.createElement('textarea');
    const context = { ...idle, offer: true, keypad: true };
    expect(read(press('h', { altKey: true }, field), context)).toEqual({ press: 'action', action: 'hold' });
    for (const key of ['Enter', 'Escape', '?', '5']) expect(read(press(key, {}, field), context)).toBeNull();
  });

  it('answers with Enter and rejects with Escape, only while an offer waits', () => {
    expect(read(press('Enter'), { ...idle, offer: true })).toEqual({ press: 'answer' });
    expect(read(press('Escape'), { ...idle, offer: true })).toEqual({ press: 'reject' });
    expect(read(press('Enter'), idle)).toBeNull();
    expect(read(press('Escape'), idle)).toBeNull();
  });

  it('means the focused button with Enter', () => {
    const button = document.createElement('button');
    expect(read(press('Enter', {}, button), { ...idle, offer: true })).toBeNull();
  });

  it('closes what is open before it rejects', () => {
    expect(read(press('Escape'), { open: true, offer: true, keypad: false })).toEqual({ press: 'close' });
  });

  it('dials typed digits only while the keypad is open', () => {
    expect(read(press('7'), { ...idle, keypad: true })).toEqual({ press: 'digit', digit: '7' });
    expect(read(press('#'), { ...idle, keypad: true })).toEqual({ press: 'digit', digit: '#' });
    expect(read(press('7'), idle)).toBeNull();
    expect(read(press('a'), { ...idle, keypad: true })).toBeNull();
  });

  it('takes only known actions from the shell', () => {
    expect(KEY_ACTIONS.every(isKeyAction)).toBe(true);
    expect(isKeyAction('quit')).toBe(false);
  });
});

describe('what keys mean', () => {
  it('follows what the core allows', () => {
    const nothing = view({ desk: { calls: [call({}, { can: NOTHING })] } });
    for (const action of KEY_ACTIONS) expect(meaning(action, nothing)).toEqual({ mean: 'nothing' });
    for (const action of KEY_ACTIONS) expect(meaning(action, view())).toEqual({ mean: 'nothing' });
  });

  it('toggles hold and mute, ends, and opens the panels', () => {
    const talking = view({ desk: { calls: [call()] } });
    expect(meaning('hold', talking)).toEqual({
      mean: 'intent',
      intent: { to: 'desk', ask: { do: 'toggle_hold', interaction: null } },
    });
    expect(meaning('mute', talking)).toMatchObject({ intent: { ask: { do: 'toggle_mute' } } });
    expect(meaning('end', talking)).toMatchObject({ intent: { ask: { do: 'end' } } });
    expect(meaning('transfer', talking)).toEqual({ mean: 'open', panel: 'transfer' });
    expect(meaning('conference', talking)).toEqual({ mean: 'open', panel: 'conference' });
    expect(meaning('dispose', talking)).toEqual({ mean: 'nothing' });
  });

  it('merges a consult that is up instead of opening the panel', () => {
    const consulting = view({ desk: { calls: [call({}, { can: { ...TALKING, conference: true } })] } });
    expect(meaning('conference', consulting)).toMatchObject({ intent: { ask: { do: 'conference' } } });
  });

  it('leads to the dispositions in wrap-up', () => {
    expect(meaning('dispose', view({ desk: { calls: [wrapping()] } }))).toEqual({
      mean: 'open',
      panel: 'disposition',
    });
  });

  it('does nothing to a call that is only offered', () => {
    expect(meaning('end', view({ desk: { calls: [offer()] } }))).toEqual({ mean: 'nothing' });
  });
});
