import { expectTypeOf, test } from 'vitest';
import sdk, { Microservices, type OmniSdk, type SdkError } from '../src/ameyo-sdk';
import type { InteractionEvent, ShowCrm, Campaign } from '../src/types';

declare const handle: OmniSdk;

test('initialize returns the handle, not a promise', () => {
  expectTypeOf(sdk.initialize({ context: 'crm', origin: 'https://crm.example' })).toEqualTypeOf<OmniSdk>();
  // @ts-expect-error origin is required
  sdk.initialize({ context: 'crm' });
  // @ts-expect-error there is no such context
  sdk.initialize({ context: 'page', origin: 'https://crm.example' });
});

test('events carry their payload in every namespace, by name and alias', () => {
  void handle.crm.register('showCrm', (event) => expectTypeOf(event).toEqualTypeOf<ShowCrm>());
  void handle.session.register('showCRM', (event) => expectTypeOf(event).toEqualTypeOf<ShowCrm>());
  void handle.interaction.register('integrationInitiated', (event) =>
    expectTypeOf(event).toEqualTypeOf<InteractionEvent>(),
  );
  void handle.notification.register('notification', (event) => expectTypeOf(event.severity).toBeNumber());
  // @ts-expect-error there is no such event
  void handle.crm.register('showCard', () => undefined);
});

test('calls take their parameters in order or in one object', () => {
  expectTypeOf(handle.session.getSelectedCampaigns()).resolves.toEqualTypeOf<Campaign[]>();
  expectTypeOf(
    handle.interaction.initiateInteraction('voice', { phone: '+15550101' }, 1),
  ).resolves.toHaveProperty('result');
  void handle.interaction.initiateInteraction({
    channelType: 'VOICE',
    channelDetails: { phone: '+15550101' },
    campaignId: 1,
  });
  void handle.http.invokeECCAPI(Microservices.CMS, '/dispositions', 'get');
  void handle.http.invokeThirdPartyAPI('https://api.example/orders', 'patch', {}, {}, new FormData(), true);
  void handle.crm.searchCase({
    connectorId: '1',
    objectType: 'Case',
    search: 'a',
    searchField: 'Id',
    limit: 1,
    offset: 0,
  });
  // @ts-expect-error campaignId is a number
  void handle.configuration.getDispositionCodesWithDispositionClass('1');
  expectTypeOf<SdkError['errorCode']>().toEqualTypeOf<1000 | 1003 | 2001 | 3000 | 4000>();
});
