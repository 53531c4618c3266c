// The SDK comes from the contact centre: the one in the page's meta tag (`serve.mjs` fills
// it in), in `?centre=`, or the one that serves this page.
export async function loadSdk() {
  const meta = document.querySelector('meta[name="centre"]')?.content;
  const centre =
    new URLSearchParams(location.search).get("centre") ||
    meta ||
    location.origin;
  const { default: sdk } = await import(
    /* @vite-ignore */ `${centre}/omniapp/sdk/ameyo-sdk.js`
  );
  const handle = sdk.initialize({
    context: "crm",
    origin: location.origin,
    instanceId: "ameyoIframe",
  });
  window.ameyoOmniSDK = handle;
  return handle;
}
