// A relying party made of the certified `openid-client`: reads one JSON command per line, answers with one JSON line.
// The browser's part (pages, cookies, redirects) is the test's; everything a client does is the library's.
import { createInterface } from "node:readline";
import * as client from "openid-client";

const [issuer, clientId, redirectUri] = process.argv.slice(2);
const metadata = { id_token_signed_response_alg: "ES256" };
const insecure = { execute: [client.allowInsecureRequests] }; // the test's provider has no certificate
const config = await client.discovery(new URL(issuer), clientId, metadata, client.None(), insecure);

let flow = {};

const shown = (tokens) => ({
  accessToken: tokens.access_token,
  refreshToken: tokens.refresh_token,
  idToken: tokens.id_token,
  expiresIn: tokens.expiresIn(),
  claims: tokens.claims(),
});

const commands = {
  metadata: () => config.serverMetadata(),
  async start({ parameters = {} }) {
    flow = {
      pkceCodeVerifier: client.randomPKCECodeVerifier(),
      expectedState: client.randomState(),
      expectedNonce: client.randomNonce(),
    };
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: "openid profile email",
      state: flow.expectedState,
      nonce: flow.expectedNonce,
      code_challenge: await client.calculatePKCECodeChallenge(flow.pkceCodeVerifier),
      code_challenge_method: "S256",
      ...parameters,
    });
    return { url: url.href };
  },
  async finish({ url, changes = {} }) {
    return shown(await client.authorizationCodeGrant(config, new URL(url), { ...flow, ...changes }));
  },
  async refresh({ token }) {
    return shown(await client.refreshTokenGrant(config, token));
  },
  userinfo: ({ token, subject }) => client.fetchUserInfo(config, token, subject),
  async revoke({ token }) {
    await client.tokenRevocation(config, token);
    return {};
  },
  logout({ idToken }) {
    const back = new URL("/", redirectUri).href;
    return { url: client.buildEndSessionUrl(config, { id_token_hint: idToken, post_logout_redirect_uri: back }).href };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...given } = JSON.parse(line);
  let answer;
  try {
    answer = { result: await commands[command](given) };
  } catch (error) {
    answer = { error: error.error ?? error.code ?? error.name, status: error.status ?? null, message: error.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
