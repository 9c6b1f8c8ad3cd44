import { h } from './dom.js';

/**
 * Asks for a token, which stays in this tab.
 * @param {{ readonly wasWrong: boolean, readonly onToken: (token: string) => void }} options `wasWrong`: one was sent, and not taken
 * @returns {import('./types.d.ts').View}
 */
export function createTokenForm({ wasWrong, onToken }) {
  return {
    title: 'Token',
    refresh: async () => {},
    render: () => [
      h(
        'form',
        { class: 'box narrow', 'data-action': 'use-token', method: 'post' },
        h('h1', {}, 'This service asks for a token'),
        wasWrong
          ? h(
              'p',
              { id: 'token-problem', class: 'field-problem', role: 'alert' },
              'That token is not valid, or not any more.',
            )
          : null,
        h('label', { for: 'token' }, 'Token'),
        h('input', {
          id: 'token',
          type: 'password',
          required: true,
          autocomplete: 'off',
          spellcheck: 'false',
          'aria-describedby': wasWrong ? 'token-problem token-hint' : 'token-hint',
          'aria-invalid': wasWrong ? 'true' : null,
        }),
        h(
          'p',
          { id: 'token-hint', class: 'hint' },
          'With the scope ',
          h('code', {}, 'read'),
          ' to look, ',
          h('code', {}, 'ingest'),
          ' to start, pause and resume too. Make one with ',
          h('code', {}, 'ackstream token create'),
          '. It is kept in this tab alone, until the tab is closed.',
        ),
        h('p', { class: 'buttons' }, h('button', { class: 'main' }, 'Use this token')),
      ),
    ],
    actions: {
      'use-token'(form) {
        const input = form.querySelector('input');
        if (input !== null && input.value.trim() !== '') onToken(input.value.trim());
      },
    },
  };
}
