"""Who is let in: identities, passwords, signed cookies, and what keeps strangers and other pages out."""
