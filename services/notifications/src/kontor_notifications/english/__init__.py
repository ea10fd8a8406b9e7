"""What mails say in English. One form of address, because English has one; figures are said by `figures`.

A test holds these texts against the German ones: the same mails, the same parameters, the same buttons.
"""
