import { createRoot } from 'react-dom/client';
import { Provider } from 'react-redux';
import { BrowserRouter } from 'react-router-dom';
import { AppShell } from './AppShell';
import { store } from './store';
import './styles/base.css';
import './styles/home.css';
import './styles/chat.css';
import './styles/call.css';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no root');

createRoot(root).render(
  <Provider store={store}>
    <BrowserRouter>
      <AppShell />
    </BrowserRouter>
  </Provider>,
);
