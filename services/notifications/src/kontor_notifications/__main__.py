"""python -m kontor_notifications serve | work | all | migrate | check-config | replay."""

from kontor_chassis.service import main

from kontor_notifications.app import compose
from kontor_notifications.config import NotificationsSettings

main("notifications", NotificationsSettings, compose)
