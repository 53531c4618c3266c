import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '../../shared/crm.css';
import { customers } from '../../shared/customers.js';
import { loadSdk } from '../../shared/sdk.js';
import { createStore } from '../../shared/store.js';
import { App } from './App.jsx';

const root = createRoot(document.getElementById('root'));

try {
  const store = createStore(await loadSdk(), customers, sessionStorage);
  store.listen();
  root.render(
    <StrictMode>
      <App store={store} />
    </StrictMode>,
  );
} catch (error) {
  root.render(
    <p className="notice" data-tone="bad" role="alert">
      The SDK could not be loaded: {error.description ?? error.message}. Start the contact centre, then load
      this page again.
    </p>,
  );
}
