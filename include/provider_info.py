def get_provider_info():
    return {"package-name": "confluence-to-twig", "name": "x", "description": "x"}
