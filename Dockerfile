FROM astrocrpublic.azurecr.io/runtime:3.3-7

# The image copies the project and installs requirements.txt before this line. Installing the project itself
# registers the connection types "confluence" and "twig" with Airflow.
RUN pip install --no-cache-dir --no-deps --editable .
