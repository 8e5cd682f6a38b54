"""A stand-in for SendGrid: its own program, which the product never imports and which imports nothing of the product.

It takes `POST /v3/mail/send`, checks it as strictly as the published schema and the known rules allow, writes what it
accepted to a synced journal *before* it answers, shows every mail in an inbox and posts signed events back. It never
sends mail, and says so in the header `X-Sandbox` of every answer.

What belongs where::

    options -> __main__ -> server      start: arguments, the wiring, the listening socket
    rules/ schema check                pure: is this message acceptable?
    faults misbehave wire              answers that go wrong on request
    mailsend -> journal contents       the accept path
    follower -> store                  after the answer: the index of the inbox, and what happens to each mail
    mail outcomes events framing       pure: what a reader gets, and what SendGrid would tell about it
    poster signing switches            batches of signed events, retried until taken
    api inbox templates/ static/       what people and tests look at
"""
