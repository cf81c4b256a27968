// The four steps on ussd-builder, with express, and sessions in Redis by node-redis: a GET and a SET a callback.
'use strict';

const express = require('express');
const { createClient } = require('redis');
const UssdMenu = require('ussd-builder');

const SECONDS = 180;
const MAIN = 'تأمین اجتماعی\n1-استعلام\n2-خدمات\n3-نوبتدهی بیمهای\n4-نوبتدهی درمانی\n5-بعدي';
const INQUIRY = 'استعلام\n1-سوابق بیمه\n2-استحقاق درمان\n3-حقوق مستمری\n0-بازگشت';
const PROMPT = 'کد ملی خود را وارد نمایید:';
const ENTITLED = 'از حمایت درمانی برخوردار میباشید.\nکد پیگیری: n000000';
const INVALID = 'کد ملی معتبر نیست.';

const redis = createClient({ socket: { path: process.env.REDIS_SOCKET } });

// Callers share nothing only where each request has a menu of its own: a menu keeps its request's input on itself.
function menuOf() {
  const menu = new UssdMenu();
  let session = {};
  menu.sessionConfig({
    start: async (id) => {
      session = JSON.parse((await redis.get(id)) ?? '{}');
    },
    get: async (id, name) => session[name],
    set: async (id, name, value) => {
      session[name] = value;
      await redis.set(id, JSON.stringify(session), { EX: SECONDS });
    },
    end: (id) => redis.del(id),
  });
  const show = (name, text) => () => menu.session.set('screen', name).then(() => menu.con(text));
  menu.startState({ run: show('main', MAIN), next: { 1: 'inquiry' } });
  menu.state('inquiry', { run: show('inquiry', INQUIRY), next: { 2: 'ask' } });
  menu.state('ask', { run: show('ask', PROMPT), next: { '*^\\d{10}$': 'entitled' }, defaultNext: 'invalid' });
  menu.state('entitled', { run: () => menu.end(ENTITLED) });
  menu.state('invalid', { run: () => menu.end(INVALID) });
  return menu;
}

const app = express();
app.use(express.urlencoded({ extended: false }));
app.post('/gateways/africastalking', async (request, response) => {
  response.type('text/plain').send(await menuOf().run(request.body));
});

redis.connect().then(() => app.listen(Number(process.env.PORT), '127.0.0.1'));
