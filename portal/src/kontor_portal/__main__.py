"""`python -m kontor_portal http | check-config`."""

from kontor_chassis.edge import main

from kontor_portal.app import create_app

if __name__ == "__main__":
    main(create_app)
