"""What Topline's DAG is made of: operators, triggers, settings.

The folder ``plugins`` is on the path of every component of Airflow, the triggerer included.
"""
