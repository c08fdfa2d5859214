// Addresses that cannot be bound.

import type { FastifyInstance } from 'fastify';
import t from 'tap';

import { listen } from '../../src/server/listen.js';

/** An application that fails to listen with each of the codes in turn. Records the hosts. */
function failingApp(codes: string[], hosts: string[]): FastifyInstance {
  const fake = {
    listen({ host }: { host: string }): Promise<never> {
      hosts.push(host);
      return Promise.reject(Object.assign(new Error('listen failed'), { code: codes.shift() }));
    },
  };
  return fake as unknown as FastifyInstance;
}

t.test('the error of an address that cannot be bound has the address and the reason', async (t) => {
  const cases = [
    { host: 'h', codes: ['EADDRINUSE'], hosts: ['h'], expected: 'h:1: the address is already in use' },
    { host: '::1', codes: ['EADDRNOTAVAIL'], hosts: ['::1'], expected: '[::1]:1: listen failed' },
    { host: '', codes: ['EADDRINUSE'], hosts: ['::'], expected: ':1: the address is already in use' },
    {
      host: '',
      codes: ['EAFNOSUPPORT', 'EADDRINUSE'],
      hosts: ['::', '0.0.0.0'],
      expected: ':1: the address is already in use',
    },
  ];
  for (const { host, codes, hosts, expected } of cases) {
    const tried: string[] = [];
    await t.rejects(listen(failingApp(codes, tried), { host, port: 1 }, ''), {
      code: 'unavailable',
      message: `cannot listen on ${expected}`,
    });
    t.same(tried, hosts);
  }
});
