"""A chat server, and a bot in it that keeps a conversation with every user.

``python -m examples.chat_bot.demo`` plays a short story and says what to look at;
``python -m examples.chat_bot.load`` plays a hundred thousand users.

To talk to the bot yourself, in three terminals::

    python -m examples.chat_bot.chat_server --port 4242
    python -m examples.chat_bot.bot --port 4242
    python -m examples.chat_bot.terminal --port 4242 --user ann
"""
