// server.js - npm's smtp-server as the cases of the lab want it.
// usage: node server.js ADDRESS,ADDRESS [TIMEOUT_MS [PEM]]
// With a key and a certificate in PEM it has STARTTLS.
'use strict';

const fs = require('fs');
const { SMTPServer } = require('smtp-server');

const refused = { no: [550, 'no such user'], later: [450, 'later'] };
let count = 0;

function refusal([code, text]) {
    return Object.assign(new Error(text), { responseCode: code });
}

const options = {
    name: 'mx.example.net',
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    socketTimeout: Number(process.argv[3] || 60000),
    closeTimeout: 1000,
    onRcptTo(address, session, done) {
        const row = refused[address.address.split('@')[0]];
        done(row ? refusal(row) : null);
    },
    onData(stream, session, done) {
        let text = '';
        stream.on('data', chunk => { text += text.length < 4000 ? chunk : ''; });
        stream.on('end', () => {
            if (/^Subject: reject/m.test(text)) {
                return done(refusal([550, 'not wanted']));
            }
            const id = `n${++count}`;
            console.log(`taken ${id} ${(/^Message-ID: <(.*)>/m.exec(text) || [])[1]}`);
            done(null, `queued as ${id}`);
        });
    }
};

if (process.argv[4]) {
    const pem = fs.readFileSync(process.argv[4]);
    Object.assign(options, {
        key: pem,
        cert: pem,
        ciphers: 'ALL:!aNULL:@SECLEVEL=0',
        minVersion: 'TLSv1.2',
        disabledCommands: ['AUTH'],
    });
}

const servers = process.argv[2].split(',').map(address => {
    const server = new SMTPServer(options);
    server.on('error', error => console.log(`error ${error.message}`));
    server.listen(25, address);
    return server;
});
process.on('SIGTERM', () => servers.forEach(server => server.close()));
