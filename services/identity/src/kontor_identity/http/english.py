"""English for everything that the sign-in pages say; what is missing or unused fails a test."""

from __future__ import annotations

from collections.abc import Mapping

_PAGES: Mapping[str, str] = {
    "%(firm)s hat Ihren Zugang eingerichtet. Wählen Sie ein Passwort, um ihn zu nutzen.": (
        "%(firm)s has set up your access. Choose a password to use it."
    ),
    "%(firm)s hat dein digitales Büro für dich eingerichtet. Wähle ein Passwort, und los geht es.": (
        "%(firm)s has set up your digital office. Choose a password, and off you go."
    ),
    "Ab jetzt gilt %(email)s. Das haben wir auch an Ihre bisherige Adresse geschrieben.": (
        "From now on %(email)s counts. We have written so to your former address, too."
    ),
    "Abgemeldet": "Signed out",
    "Abmelden": "Sign out",
    "Angemeldet bleiben": "Stay signed in",
    "Anmelden": "Sign in",
    "Anmelden mit Code": "Sign in with a code",
    "Bereitgestellt mit Kontor": "Provided with Kontor",
    "Bestätigen": "Confirm",
    "Bis zum nächsten Mal.": "Until next time.",
    "Bitte %(firm)s um eine neue Einladung. Vielleicht liegt sie auch schon in deinem Postfach: Es gilt immer die "
    "neueste.": "Ask %(firm)s for a new invitation. Perhaps it is in your mailbox already: the latest one counts.",
    "Bitte bestätigen Sie, dass Sie es sind": "Please confirm that it is you",
    "Bitte sehen Sie in Ihr Postfach": "Please look into your mailbox",
    "Bitten Sie %(firm)s um eine neue Einladung. Vielleicht liegt sie auch schon in Ihrem Postfach: Es gilt immer die "
    "neueste.": "Ask %(firm)s for a new invitation. Perhaps it is in your mailbox already: the latest one counts.",
    "Code anfordern": "Request a code",
    "Code aus Ihrer App": "Code from your app",
    "Code aus der E-Mail": "Code from the e-mail",
    "Code eingeben": "Enter the code",
    "Code per E-Mail senden, statt Passwort einzugeben": "E-mail me a code instead of entering a password",
    "Damit melden Sie sich künftig an.": "You will sign in with it.",
    "Damit meldest du dich künftig an.": "You will sign in with it.",
    "Danach werden alle Geräte abgemeldet, auf denen Sie angemeldet sind.": (
        "After that all devices on which you are signed in will be signed out."
    ),
    "Das hat nicht geklappt": "That did not work",
    "Deine E-Mail-Adresse": "Your e-mail address",
    "Der Passkey konnte nicht geprüft werden. Bitte versuchen Sie es noch einmal.": (
        "The passkey could not be checked. Please try again."
    ),
    "Diese Einladung gilt nicht mehr": "This invitation is no longer valid",
    "Dieser Bereich ist besonders geschützt. Richten Sie einen Passkey oder eine Authenticator-App ein; das dauert "
    "zwei Minuten.": (
        "This area is specially protected. Set up a passkey or an authenticator app; it takes two minutes."
    ),
    "Dieser Link gilt nicht mehr": "This link is no longer valid",
    "Du hast die Einladung schon angenommen": "You have already accepted the invitation",
    "E-Mail unterwegs": "E-mail on its way",
    "E-Mail-Adresse": "E-mail address",
    "E-Mail-Adresse bestätigen": "Confirm e-mail address",
    "E-Mail-Adresse geändert": "E-mail address changed",
    "Einladung": "Invitation",
    "Einladung annehmen": "Accept the invitation",
    "Für Rückfragen: %(code)s": "For questions: %(code)s",
    "Für diesen Schritt brauchen wir Ihren zweiten Faktor.": "For this step we need your second factor.",
    "Hier brauchen Sie einen zweiten Faktor": "You need a second factor here",
    "Ich möchte die Aufgabe nicht übernehmen": "I do not want to take on this task",
    "Ihr Passwort ist geändert": "Your password has been changed",
    "Ihr Zugang ist mit einem zweiten Faktor geschützt.": "Your account is protected by a second factor.",
    "Ihr digitales Büro": "Your digital office",
    "Ihre E-Mail-Adresse": "Your e-mail address",
    "Ihre E-Mail-Adresse ist geändert": "Your e-mail address has been changed",
    "Jetzt einrichten": "Set up now",
    "Kundenzugang": "Customer access",
    "Künftig melden Sie sich mit %(email)s an. Auch unsere E-Mails gehen dann dorthin.": (
        "You will sign in with %(email)s, and our e-mails will go there, too."
    ),
    "Link abgelaufen": "Link expired",
    "Link anfordern": "Request a link",
    "Link ungültig": "Link not valid",
    "Melde dich einfach mit deinem Passwort an.": "Just sign in with your password.",
    "Melden Sie sich einfach mit Ihrem Passwort an.": "Just sign in with your password.",
    "Melden Sie sich jetzt mit dem neuen Passwort an.": "Now sign in with the new password.",
    "Mindestens 10 Zeichen. Gut sind vier Wörter, die nichts miteinander zu tun haben. Dein Name oder ein häufiges "
    "Passwort ist leicht zu erraten.": (
        "At least 10 characters. Four words that have nothing to do with each other are good. Your name or a common "
        "password is easy to guess."
    ),
    "Mindestens 10 Zeichen. Gut sind vier Wörter, die nichts miteinander zu tun haben. Ihr Name oder ein häufiges "
    "Passwort ist leicht zu erraten.": (
        "At least 10 characters. Four words that have nothing to do with each other are good. Your name or a common "
        "password is easy to guess."
    ),
    "Mit Passkey anmelden": "Sign in with a passkey",
    "Mit der E-Mail-Adresse, an die Ihre Einladung ging.": "With the e-mail address your invitation went to.",
    "Zu Ihrer Sicherheit fragen wir hier noch einmal, ob Sie es sind.": (
        "For your security we ask you here once more to show that it is you."
    ),
    "Möchten Sie sich abmelden?": "Do you want to sign out?",
    "Neu anmelden": "Sign in again",
    "Neue E-Mail-Adresse bestätigen": "Confirm your new e-mail address",
    "Neuen Code anfordern": "Request a new code",
    "Neuen Link anfordern": "Request a new link",
    "Neues Passwort": "New password",
    "Neues Passwort wählen": "Choose a new password",
    "Passwort": "Password",
    "Passwort geändert": "Password changed",
    "Passwort speichern": "Save password",
    "Passwort vergessen": "Forgotten password",
    "Passwort vergessen?": "Forgotten your password?",
    "Passwort wiederholen": "Repeat password",
    "Sechs Ziffern aus Ihrer Authenticator-App. Haben Sie Ihr Telefon nicht zur Hand? Dann geben Sie einen Ihrer "
    "Wiederherstellungscodes ein.": (
        "Six digits from your authenticator app. Is your phone not at hand? Then enter one of your recovery codes."
    ),
    "Sie haben bereits einen Zugang. Melden Sie sich mit Ihrem Passwort an, um die Einladung von %(firm)s "
    "anzunehmen.": "you have an account already. Sign in with your password to accept the invitation of %(firm)s.",
    "Sie haben die Einladung bereits angenommen": "You have already accepted the invitation",
    "Sie haben mehrere Zugänge. Sie können später jederzeit wechseln.": (
        "You have several accesses. You can switch at any time later."
    ),
    "Sie sind abgemeldet": "You are signed out",
    "Sie werden in diesem Browser abgemeldet.": "You will be signed out in this browser.",
    "Stattdessen Passkey verwenden": "Use a passkey instead",
    "Vertrauensperson": "Trusted person",
    "Verträge, Unterlagen und Ihr Ansprechpartner an einem Ort.": "Contracts, papers and your adviser in one place.",
    "Vielleicht wurde der Link unvollständig übernommen. Öffnen Sie ihn bitte direkt aus der E-Mail, oder bitten Sie "
    "um eine neue Einladung.": (
        "Perhaps the link was not copied completely. Please open it from the e-mail, or ask for a new invitation."
    ),
    "Weiter": "Continue",
    "Wenn es zu %(email)s einen Zugang gibt, ist eine E-Mail mit einem Link unterwegs. Er gilt eine Stunde.": (
        "If there is an account for %(email)s, an e-mail with a link is on its way. It is valid for an hour."
    ),
    "Wenn zu der Adresse ein Zugang gehört, haben wir einen Code mit sechs Ziffern dorthin gesandt. Er gilt zehn "
    "Minuten und nur in diesem Browser.": (
        "If there is an account for the address, we have sent a code of six digits there. It is valid for ten minutes "
        "and in this browser only."
    ),
    "Wir senden Ihnen einen Code, mit dem Sie sich ohne Passwort anmelden.": (
        "We will send you a code to sign in with, without a password."
    ),
    "Wir senden Ihnen einen Link, mit dem Sie ein neues Passwort wählen.": (
        "We will send you a link to choose a new password."
    ),
    "Womit möchten Sie arbeiten?": "What do you want to work with?",
    "Zu den Einstellungen": "To the settings",
    "Zugang als Mitarbeiter": "Staff access",
    "Zugang wählen": "Choose access",
    "Zum Inhalt springen": "Skip to content",
    "Zur Anmeldung": "To the sign-in page",
    "Zurück zur Anmeldung": "Back to the sign-in page",
    "Zurück zur Startseite": "Back to the start page",
    "Zweiter Faktor": "Second factor",
    "Zweiter Faktor nötig": "Second factor needed",
    "du hast bereits einen Zugang. Melde dich mit deinem Passwort an, um die Einladung von %(firm)s anzunehmen.": (
        "you have an account already. Sign in with your password to accept the invitation of %(firm)s."
    ),
    "jemand vertraut Ihnen und möchte Sie für den Notfall benennen. Melden Sie sich mit Ihrem Passwort an, um die "
    "Aufgabe anzunehmen. Wen es betrifft, steht in unserer E-Mail.": (
        "somebody trusts you and wants to name you for an emergency. Sign in with your password to accept. Our e-mail "
        "says whom it is about."
    ),
    "jemand vertraut Ihnen und möchte Sie für den Notfall benennen. Wählen Sie ein Passwort, um die Aufgabe "
    "anzunehmen. Wen es betrifft, steht in unserer E-Mail.": (
        "somebody trusts you and wants to name you for an emergency. Choose a password to accept. Our e-mail says whom "
        "it is about."
    ),
    "Zugangscode": "Access code",
    "Zugangscode eingeben": "Enter your access code",
    "Der Code steht in dem Brief, den Sie von Ihrem Makler erhalten haben.": (
        "The code is in the letter that your broker has sent you."
    ),
    "E-Mail-Adresse angeben": "Your e-mail address",
    "der Code stimmt. Bitte nennen Sie Ihre E-Mail-Adresse. Wir senden Ihnen dorthin einen Link.": (
        "the code is right. Please tell us your e-mail address. We will send a link there."
    ),
    "der Code stimmt. Bitte nenne deine E-Mail-Adresse. Wir senden dir dorthin einen Link.": (
        "the code is right. Please tell us your e-mail address. We will send a link there."
    ),
    "Bitte sieh in dein Postfach": "Please look into your mailbox",
    "Wir haben Ihnen eine E-Mail an %(email)s gesandt. Mit dem Link darin richten Sie Ihren Zugang ein.": (
        "We have sent an e-mail to %(email)s. Its link sets up your access."
    ),
    "Wir haben dir eine E-Mail an %(email)s gesandt. Mit dem Link darin richtest du deinen Zugang ein.": (
        "We have sent an e-mail to %(email)s. Its link sets up your access."
    ),
}

_REFUSALS: Mapping[str, str] = {
    "Bitte geben Sie E-Mail-Adresse und Passwort ein.": "Please enter e-mail address and password.",
    "Bitte geben Sie Ihre E-Mail-Adresse ein.": "Please enter your e-mail address.",
    "Bitte geben Sie den Code ein.": "Please enter the code.",
    "Bitte geben Sie ein Passwort ein.": "Please enter a password.",
    "Bitte melden Sie sich erneut an.": "Please sign in again.",
    "Bitte wählen Sie mindestens %(least)s Zeichen.": "Please choose at least %(least)s characters.",
    "Bitte wählen Sie höchstens %(most)s Zeichen.": "Please choose at most %(most)s characters.",
    "Bitte verwenden Sie nicht Ihren Namen oder Ihre E-Mail-Adresse als Passwort.": (
        "Please do not use your name or your e-mail address as your password."
    ),
    "Die Seite war zu lange offen. Bitte senden Sie das Formular noch einmal ab.": (
        "The page was open too long. Please send the form again."
    ),
    "Die beiden Passwörter stimmen nicht überein.": "The two passwords do not match.",
    "Diese Abmeldung kann nicht ausgeführt werden.": "This sign-out cannot be carried out.",
    "Diese Anmeldung ist abgelaufen. Bitte beginnen Sie noch einmal.": "This sign-in has expired. Please begin again.",
    "Diese Anmeldung kann nicht fortgesetzt werden.": "This sign-in cannot be continued.",
    "Dieser Code ist nicht richtig. Bitte prüfen Sie ihn.": "This code is not right. Please check it.",
    "Dieser Link gilt nicht mehr. Bitte fordern Sie einen neuen an.": (
        "This link is no longer valid. Please request a new one."
    ),
    "Dieser Link gilt nicht mehr. Bitte ändern Sie Ihre E-Mail-Adresse noch einmal.": (
        "This link is no longer valid. Please change your e-mail address again."
    ),
    "Dieses Passwort ist leicht zu erraten. Gut sind zum Beispiel vier Wörter, die nichts miteinander zu tun haben.": (
        "This password is easy to guess. Four words that have nothing to do with each other are good, for example."
    ),
    "E-Mail-Adresse oder Passwort stimmen nicht überein.": "E-mail address and password do not match.",
    "Gerade melden sich sehr viele Personen an. Bitte versuchen Sie es in einer Minute erneut.": (
        "Very many people are signing in right now. Please try again in a minute."
    ),
    "Ihr Zugang ist zurzeit nicht freigeschaltet. Bitte wenden Sie sich an Ihren Makler.": (
        "Your access is not active at present. Please turn to your broker."
    ),
    "Mit diesem Passkey können Sie sich hier nicht anmelden. Bitte melden Sie sich mit Ihrem Passwort an.": (
        "You cannot sign in here with this passkey. Please sign in with your password."
    ),
    "Diesen Zugangscode gibt es nicht, oder er gilt nicht mehr. Bitte vergleichen Sie ihn mit dem Brief.": (
        "There is no such access code, or it is no longer valid. Please compare it with the letter."
    ),
    "Zu viele Fehlversuche. Bitte warten Sie noch %(wait)s und versuchen Sie es dann erneut.": (
        "Too many failed attempts. Please wait for another %(wait)s and then try again."
    ),
    "%(count)s Sekunde": "%(count)s second",
    "%(count)s Sekunden": "%(count)s seconds",
    "%(count)s Minute": "%(count)s minute",
    "%(count)s Minuten": "%(count)s minutes",
    "Die Einladung ging gerade erst hinaus. Bitte warten Sie kurz.": (
        "The invitation has only just gone out. Please wait a moment."
    ),
}
"""What the service says when it refuses; each stands in its code word for word."""

ENGLISH: Mapping[str, str] = {**_PAGES, **_REFUSALS}
