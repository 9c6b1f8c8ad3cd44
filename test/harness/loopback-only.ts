/*
 * Runs before each test file: whatever a test does, and whatever a defect makes the code do, no connection of this process leaves the machine. A connection
 * elsewhere fails like one to a host without a route.
 */
import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction, Socket, type TcpSocketConnectOpts } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');
// Systems take the unspecified address for this machine.
loopback.addAddress('0.0.0.0', 'ipv4');
loopback.addAddress('::', 'ipv6');

const connect = Socket.prototype.connect;

Socket.prototype.connect = function connectToLoopback(this: Socket, ...args: unknown[]): Socket {
  const [first] = args;
  // Node itself hands options on as an array that it has normalized before.
  const options = (Array.isArray(first) ? first[0] : first) as Partial<TcpSocketConnectOpts> | undefined;
  if (typeof options === 'object' && options.port !== undefined) {
    const { host = 'localhost' } = options;
    if (isIP(host) !== 0 && !isLoopback(host)) return this.destroy(unreachable(host));
    options.lookup = loopbackOnly(options.lookup ?? lookup);
  }
  return Reflect.apply(connect, this, args) as Socket;
};

function loopbackOnly(inner: LookupFunction): LookupFunction {
  return (hostname, options, callback) =>
    inner(hostname, options, (error, found, family) => {
      const addresses = Array.isArray(found) ? found.map(({ address }) => address) : [found];
      const outside = error === null ? addresses.find((address) => !isLoopback(address)) : undefined;
      if (outside === undefined) callback(error, found, family);
      else callback(unreachable(outside), []);
    });
}

function isLoopback(address: string): boolean {
  return loopback.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

function unreachable(address: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`connect ENETUNREACH ${address}: tests connect to this machine only`), {
    code: 'ENETUNREACH',
  });
}
